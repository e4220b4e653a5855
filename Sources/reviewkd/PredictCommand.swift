import ArgumentParser
import Basics
import CommandOptions
import DetectionTraining
import Foundation
import ImageFolders
import NetworkFiles
import Remedies
import RunRecords
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// `reviewkd predict`.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Name what photographs show, or the objects in them.")

    @Argument(help: "The weights: safetensors, or a PyTorch checkpoint.")
    var file: String

    @Argument(help: "Photographs, or folders of them.")
    var images: [String]

    @OptionGroup var weights: WeightsOptions

    @Option(help: "The network's name (default: what the weights say; see `reviewkd models`).")
    var model: String?

    @Option(help: "A file with the name of a class on each line (default: what the weights say).")
    var classes: String?

    @Option(
        parsing: .unconditional,
        help: "How many classes to name, the likeliest first (default: 5).",
        transform: wholeNumber)
    var top: Int?

    @Option(
        parsing: .unconditional,
        help: "Height and width that the network sees, in pixels (default: what the weights say).",
        transform: wholeNumber)
    var imageSize: Int?

    @Option(help: "Detectors: the folder for the pictures with what was found.")
    var output: String?

    @Option(
        parsing: .unconditional,
        help:
            "Detectors: show objects of this score and above (default: \(FoundObject.leastScore)).")
    var scoreThreshold: Double?

    @Option(
        parsing: .unconditional,
        help: "Detectors: the shorter side, in pixels (default: what the weights say, else 800).",
        transform: wholeNumber)
    var shortEdge: Int?

    @Option(
        parsing: .unconditional,
        help: """
            Detectors: the longer side at most, in pixels (default: what the weights say, else 1333).
            """,
        transform: wholeNumber)
    var longestEdge: Int?

    @Flag(
        name: .customLong("scale-16-bit-grey"),
        help: "Scale grey values of 16 bits, of which all above 255 are white else.")
    var scalesSixteenBitGrey = false

    @Option(help: "float32 or bfloat16.")
    var precision = Precision.float32

    @OptionGroup var device: DeviceOptions

    @Flag(help: "Print one JSON object for each photograph.")
    var json = false

    func validate() throws {
        try requireRanges([
            ("--top", top, .counts), ("--image-size", imageSize, 32...4096),
            ("--short-edge", shortEdge, 32...8192), ("--longest-edge", longestEdge, 32...8192),
        ])
        if let scoreThreshold, !(0...1).contains(scoreThreshold) {
            throw ValidationError("--score-threshold is \(scoreThreshold), expected 0 to 1")
        }
    }

    func run() throws {
        let card = try StudentCard(of: file)
        guard let model = model ?? card.model else {
            throw ValidationError("\(file) does not say which network it is of; give --model")
        }
        switch try KnownModel(named: model) {
        case .classifier(let architecture):
            try refuse(
                [
                    ("--output", output != nil), ("--score-threshold", scoreThreshold != nil),
                    ("--short-edge", shortEdge != nil), ("--longest-edge", longestEdge != nil),
                ], "for detectors, and \(architecture) names one class a picture")
            try nameClasses(architecture, card)
        case .detector(let architecture):
            try refuse(
                [
                    ("--top", top != nil), ("--image-size", imageSize != nil),
                    ("--scale-16-bit-grey", scalesSixteenBitGrey),
                ],
                "for networks that name one class a picture, and \(architecture) finds objects")
            try findObjects(architecture, card)
        }
    }

    private func refuse(_ options: [(name: String, isGiven: Bool)], _ use: String) throws {
        guard let given = options.first(where: \.isGiven) else { return }
        throw ValidationError("\(given.name) is \(use); leave it out")
    }

    private func nameClasses(_ architecture: Architecture, _ card: StudentCard) throws {
        let device = try device.resolve()
        precision.noteEmulation(on: device)
        guard let names = try classes.map(ClassNames.read) ?? card.classes else {
            throw ValidationError(
                "\(file) does not say what its classes are called; give a file of names with --classes"
            )
        }
        let top = top ?? min(5, names.count)
        guard top <= names.count else {
            throw ValidationError(
                "--top is \(top), expected at most the number of classes, \(names.count)")
        }
        let network = try UnfitWeights.naming("--model ") {
            try loadNetwork(
                architecture.name, weights: file, key: weights.key, classCount: names.count,
                device: device,
                remark: { printError("note: \(told($0))") })
        }
        let settings = PhotographSettings(
            imageSize: imageSize ?? card.imageSize ?? 224,
            scalesSixteenBitGrey: scalesSixteenBitGrey)
        let predictor = Predictor(
            network, names: names, settings: settings,
            normalization: card.normalization ?? .imagenet, dtype: precision.dtype, device: device)
        try predictor.predict(images) { path, prediction in
            try show(path, Array(prediction.prefix(top)))
        }
    }

    private struct Line: Encodable {
        let image: String
        let predictions: [Prediction]
    }

    private func show(_ path: String, _ best: [Prediction]) throws {
        guard !json else { return try printJSON(Line(image: path, predictions: best)) }
        let parts = best.map { "\($0.name) \((100 * $0.probability).formatted(places: 2)) %" }
        print("\(path): \(parts.joined(separator: ", "))")
    }
}
