import ArgumentParser
import Basics
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
        commandName: "predict", abstract: "Name what photographs show.")

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
        try requireRanges([("--top", top, .counts), ("--image-size", imageSize, 32...4096)])
    }

    func run() throws {
        let device = try device.resolve()
        precision.noteEmulation(on: device)
        let card = try StudentCard(of: file)
        guard let model = model ?? card.model else {
            throw ValidationError("\(file) does not say which network it is of; give --model")
        }
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
                model, weights: file, key: weights.key, classCount: names.count, device: device,
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
        let classes: [Prediction]
    }

    private func show(_ path: String, _ best: [Prediction]) throws {
        guard !json else { return try printJSON(Line(image: path, classes: best)) }
        let parts = best.map { "\($0.name) \((100 * $0.probability).formatted(places: 2)) %" }
        print("\(path): \(parts.joined(separator: ", "))")
    }
}
