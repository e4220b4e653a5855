import ArgumentParser
import Basics
import CommandOptions
import Detectors
import Terminal
import Torch
import TorchNN
import VisionModels

/// `reviewkd models`.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "List the networks and detectors, or describe one.")

    @Argument(help: "The name of a network or detector.")
    var name: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct List: Encodable {
        let models: [Classifier]
        let detectors: [Detector]
    }

    private struct Stage: Encodable, CustomStringConvertible {
        let channels: Int
        let reduction: Int

        var description: String { "\(channels)/\(reduction)" }
    }

    private struct Classifier: Encodable {
        let name: String
        let imageSize: Int
        let classes: Int
        let parameters: Int
        let multiplyAccumulates: Int
        let stages: [Stage]
        let pooledChannels: Int

        init(_ architecture: Architecture) {
            let facts = architecture.facts()
            name = architecture.name
            imageSize = architecture.imageSize
            classes = architecture.classCount
            parameters = facts.parameterCount
            multiplyAccumulates = facts.multiplyAccumulates
            stages = facts.stages.map { Stage(channels: $0.channels, reduction: $0.reduction) }
            pooledChannels = facts.pooledChannels
        }
    }

    private struct Detector: Encodable {
        let name: String
        let family: String
        let backbone: String
        let classes: Int
        let parameters: Int
        let levels: [Stage]

        init(_ architecture: DetectorArchitecture) {
            let network = architecture.make(generator: Generator(seed: 0), device: .meta)
            name = architecture.name
            family = architecture.family.rawValue
            backbone = architecture.bottomUp.rawValue
            classes = network.settings.classCount
            parameters = network.parameters().reduce(0) { $0 + $1.tensor.count }
            levels = network.levels.map {
                Stage(channels: $0.channels, reduction: $0.reduction ?? 0)
            }
        }
    }

    func run() throws {
        let list =
            switch try name.map(KnownModel.init(named:)) {
            case .classifier(let one)?: List(models: [Classifier(one)], detectors: [])
            case .detector(let one)?: List(models: [], detectors: [Detector(one)])
            case nil:
                List(
                    models: Architecture.all.map(Classifier.init),
                    detectors: DetectorArchitecture.all.map(Detector.init))
            }
        guard !json else { return try printJSON(list) }
        if !list.models.isEmpty { show(list.models) }
        if name == nil { print("") }
        if !list.detectors.isEmpty { show(list.detectors) }
    }

    private func show(_ models: [Classifier]) {
        let width = (models.map(\.name.count).max() ?? 0) + 2
        print(
            "name".padded(to: width)
                + "image  classes  parameters  million MACs  stages (channels/reduction), pooled channels"
        )
        for model in models {
            let millions = (Double(model.multiplyAccumulates) / 1e6).formatted(places: 1)
            print(
                model.name.padded(to: width) + "\(model.imageSize)".padded(to: 7)
                    + "\(model.classes)".padded(to: 9) + "\(model.parameters)".padded(to: 12)
                    + millions.padded(to: 14)
                    + model.stages.map(\.description).joined(separator: " ")
                    + ", \(model.pooledChannels)")
        }
        print("Counted with this many classes and square images of this many pixels a side.")
    }

    private func show(_ detectors: [Detector]) {
        let width = ((detectors.map(\.name.count) + ["detector".count]).max() ?? 0) + 2
        print(
            "detector".padded(to: width)
                + "family       backbone  classes  parameters  pyramid (channels/reduction)")
        for detector in detectors {
            print(
                detector.name.padded(to: width) + detector.family.padded(to: 13)
                    + detector.backbone.padded(to: 10) + "\(detector.classes)".padded(to: 9)
                    + "\(detector.parameters)".padded(to: 12)
                    + detector.levels.map(\.description).joined(separator: " "))
        }
        print(
            "Counted with this many classes, frozen convolutions included and frozen norms left out."
        )
    }
}
