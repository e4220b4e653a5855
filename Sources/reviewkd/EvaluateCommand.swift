import ArgumentParser
import Basics
import Distillation
import Foundation
import Recipes
import RunRecords
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// `reviewkd evaluate`.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a network's accuracy on a test set.")

    @Argument(help: "The weights: safetensors, or a PyTorch checkpoint.")
    var file: String

    @OptionGroup var weights: WeightsOptions

    @Option(help: "The network's name (see `reviewkd models`).")
    var model: String

    @Option(help: "cifar10 or cifar100.")
    var dataset: String

    @Option(help: "The folder that holds the data set's folder, or the data set's folder itself.")
    var data: String

    @Option(
        parsing: .unconditional,
        help: "The mean of the normalisation, R,G,B in 0...1 (default: the data set's).")
    var mean: String?

    @Option(
        parsing: .unconditional,
        help: "The deviation of the normalisation, R,G,B in 0...1 (default: the data set's).")
    var std: String?

    @Option(help: "float32 or bfloat16.")
    var precision = Precision.float32

    @OptionGroup var device: DeviceOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        _ = try knownDataset(dataset)
        guard (mean == nil) == (std == nil) else {
            throw ValidationError("--mean and --std belong together; give both or neither")
        }
        _ = try normalization()
    }

    func run() throws {
        let device = try device.resolve()
        precision.noteEmulation(on: device)
        let description = try knownDataset(dataset)
        let network = try loadNetwork(
            model, weights: file, key: weights.key, classCount: description.classCount,
            device: device, remark: { printError("note: \(told($0))") })
        let images = try CIFARFiles.read(
            description, .test, in: URL(fileURLWithPath: data, isDirectory: true))
        if let warning = images.warning { printError("note: \(warning)") }
        let loader = EvaluationLoader(
            ImageSet(images, device: device), normalization: try normalization(), batchSize: 500)
        let scores = try Training.evaluate(network, on: loader, dtype: precision.dtype)
        let loss = scores["loss"] ?? .nan
        guard loss.isFinite else { throw NotFiniteLoss(file: file, loss: loss) }
        if json {
            try printJSON(scores)
        } else {
            print(
                "\(scores.accuracies), loss \(loss.formatted(places: 4)), \(scores.count) images")
        }
    }

    private func normalization() throws -> Normalization {
        guard let mean, let std else {
            return try knownDataset(dataset).normalization
        }
        return Normalization(
            mean: try ChannelValues(mean, .mean, of: "--mean").values,
            deviation: try ChannelValues(std, .deviation, of: "--std").values)
    }
}

/// Weights that are finite, but too large to compute with.
private struct NotFiniteLoss: Error, CustomStringConvertible {
    let file: String
    let loss: Double

    var description: String {
        "\(file): the mean loss is \(loss.isNaN ? .nan : loss), expected a finite number; the "
            + "weights are too large for this precision, as after a run that diverged; take others"
    }
}
