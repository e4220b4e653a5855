import ArgumentParser
import Basics
import CommandOptions
import Distillation
import Foundation
import NetworkFiles
import Recipes
import Remedies
import RunRecords
import Terminal
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

    @Option(help: "\(KnownDatasets.names(of: KnownDatasets.inFolders)).")
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

    @Option(
        parsing: .unconditional,
        help: "Photographs: height and width that the network sees, in pixels (default: 224).",
        transform: wholeNumber)
    var imageSize: Int?

    @Option(
        parsing: .unconditional,
        help: "Photographs: the shorter side before the middle is cut (default: 256 to 224 of it).",
        transform: wholeNumber)
    var resize: Int?

    @Option(
        parsing: .unconditional,
        help: "Detection: the shorter side, in pixels (default: the file's, else 800).",
        transform: wholeNumber)
    var shortEdge: Int?

    @Option(
        parsing: .unconditional,
        help: "Detection: the longer side at most, in pixels (default: the file's, else 1333).",
        transform: wholeNumber)
    var longestEdge: Int?

    @Option(help: "Detection: write what is found into this file, as `coco evaluate` takes it.")
    var results: String?

    @Flag(
        name: .customLong("scale-16-bit-grey"),
        help: "Photographs: scale grey values of 16 bits, of which all above 255 are white else.")
    var scalesSixteenBitGrey = false

    @OptionGroup var photographs: PhotographOptions

    @OptionGroup var device: DeviceOptions

    @OptionGroup var processes: ProcessOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try requireRanges([
            ("--image-size", imageSize, 32...4096), ("--resize", resize, 32...8192),
            ("--short-edge", shortEdge, 32...8192), ("--longest-edge", longestEdge, 32...8192),
        ])
        guard (mean == nil) == (std == nil) else {
            throw ValidationError("--mean and --std belong together; give both or neither")
        }
        _ = try normalization()
    }

    func run() throws {
        let known = try known()
        try requireUse(for: known)
        try processes.run(on: device) { processes in
            if known.hasObjects { return try evaluateDetector(with: processes) }
            try evaluateClassifier(on: known, with: processes)
        }
    }

    private func evaluateClassifier(
        on known: Dataset, with processes: any ProcessGroup
    ) throws {
        let device = try device.resolve()
        precision.noteEmulation(on: device)
        let images = try known.open(
            .test, in: data, device: device,
            photographs: PhotographSettings(
                imageSize: imageSize ?? 224, evaluationResize: resize,
                scalesSixteenBitGrey: scalesSixteenBitGrey),
            reading: photographs.reading.divided(among: processes.localSize),
            progress: ListingProgress(quiet: false).show
        ) { printError("note: \($0)") }
        let network = try UnfitWeights.naming("--model ") {
            try loadNetwork(
                model, weights: file, key: weights.key, classCount: images.classCount,
                device: device, remark: { printError("note: \(told($0))") })
        }
        let batchSize = min(500, known.evaluationBatchSize)
        let batches = images.evaluation(
            positions: Share(of: processes).evaluation(
                of: (0..<Int64(images.count)).map { $0 }, batchSize: batchSize),
            normalization: try normalization(), batchSize: batchSize)
        let progress = EvaluationProgress(quiet: false)
        let scores = try Training.evaluate(
            network, on: batches, dtype: precision.dtype, over: processes,
            progress: { progress.show($0, of: $1) })
        let loss = scores["loss"] ?? .nan
        guard loss.isFinite else { throw NotFiniteLoss(file: file, loss: loss) }
        if json {
            try printJSON(scores)
        } else {
            print(
                "\(scores.accuracies), loss \(loss.formatted(places: 4)), \(scores.count) images")
        }
    }

    private func requireUse(for dataset: Dataset) throws {
        try photographs.requireUse(for: dataset)
        let ofDetection = [
            ("--short-edge", shortEdge != nil), ("--longest-edge", longestEdge != nil),
            ("--results", results != nil),
        ].first { $0.1 }
        if let ofDetection, !dataset.hasObjects {
            throw ValidationError(
                "\(ofDetection.0) is for detectors, and the data set \(dataset) has one class an image; "
                    + "leave it out")
        }
        let given = [
            ("--image-size", imageSize != nil), ("--resize", resize != nil),
            ("--scale-16-bit-grey", scalesSixteenBitGrey),
        ].first { $0.1 }
        guard let given, !dataset.hasPhotographs else { return }
        throw ValidationError(
            "\(given.0) is for photographs, and the data set \(dataset) has none; leave it out")
    }

    private func known() throws -> Dataset {
        try KnownDatasets.named(dataset, among: KnownDatasets.inFolders)
    }

    func normalization() throws -> Normalization {
        let known = try known()
        guard let mean, let std else {
            guard let own = known.normalization else {
                throw ValidationError(
                    "\(known) has no normalisation of its own; give --mean and --std")
            }
            return own
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
