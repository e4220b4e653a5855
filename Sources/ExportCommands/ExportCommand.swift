import ArgumentParser
import Basics
import CommandOptions
import Detectors
import Foundation
import Recipes
import Terminal
import Torch
import Training
import VisionData
import VisionModels

/// `reviewkd export`.
package struct ExportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a network for other programs: safetensors, PyTorch's .pth or ONNX.")

    @Argument(help: "The weights: safetensors, or a PyTorch checkpoint.")
    var file: String

    @OptionGroup var weights: WeightsOptions

    @Option(help: "The network's name (default: what the weights say; see `reviewkd models`).")
    var model: String?

    @Option(help: "safetensors, pth or onnx.")
    var format: ExportFormat

    @Option(help: "The file to write.")
    var output: String

    @Flag(help: "Fold batch norms into the convolutions before them.")
    var fold = false

    @Flag(help: "ONNX: normalise inside, so that images are given in 0...1.")
    var normalize = false

    @Option(
        parsing: .unconditional,
        help: "ONNX: the mean of the normalisation, R,G,B in 0...1 (default: what the weights say)."
    )
    var mean: String?

    @Option(
        parsing: .unconditional,
        help: """
            ONNX: the deviation of the normalisation, R,G,B in 0...1 (default: what the weights say).
            """)
    var std: String?

    @Option(
        parsing: .unconditional,
        help: """
            ONNX: height and width of the images, in pixels (default: what the weights say, else the \
            network's).
            """,
        transform: wholeNumber)
    var imageSize: Int?

    @Flag(help: "ONNX: 8-bit whole numbers, with folded batch norms. Needs --calibration.")
    var int8 = false

    @Option(help: "ONNX: the folder of CIFAR, or of photographs, that shows how large values are.")
    var calibration: String?

    @OptionGroup var device: DeviceOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    package init() {}

    package func validate() throws {
        try requireRanges([("--image-size", imageSize, 32...4096)])
        guard (mean == nil) == (std == nil) else {
            throw ValidationError("--mean and --std belong together; give both or neither")
        }
        _ = try givenNormalization()
        let ofGraphs = [
            ("--normalize", normalize), ("--mean", mean != nil), ("--image-size", imageSize != nil),
            ("--int8", int8), ("--calibration", calibration != nil),
        ]
        if format != .onnx, let option = ofGraphs.first(where: \.1)?.0 {
            throw ValidationError(
                "\(option) is for --format onnx, and the format is \(format.rawValue); leave it out"
            )
        }
        guard int8 == (calibration != nil) else {
            throw ValidationError(
                int8
                    ? "--int8 needs images that show how large values are; name their folder with "
                        + "--calibration"
                    : "--calibration is for --int8, which is not given; give both")
        }
        guard mean == nil || normalize || int8 else {
            throw ValidationError(
                "--mean and --std are for --normalize or --int8, and neither is given; leave them "
                    + "out")
        }
    }

    package func run() throws {
        try Disk.requirePlace(forFile: output)
        guard try device.resolve() == .cpu else {
            throw ValidationError(
                "--device is \(device.device), expected cpu, where networks are exported")
        }
        let card = try StudentCard(of: file)
        guard let name = model ?? card.model else {
            throw ValidationError("\(file) does not say which network it is of; give --model")
        }
        let architecture: Architecture
        switch try KnownModel(named: name) {
        case .classifier(let known): architecture = known
        case .detector(let detector): return try writePyramid(of: detector, card)
        }
        let exported = try ExportedNetwork(
            file: file, key: weights.key, architecture, card, imageSize: imageSize)
        let written: WrittenExport
        switch format {
        case .safetensors, .pth:
            written = try exported.writeWeights(format, folds: fold, to: output)
        case .onnx:
            written = try exported.writeGraph(
                GraphRequest(
                    folds: fold || int8, normalizes: normalize,
                    normalization: try givenNormalization(), calibration: calibration),
                to: output, isQuiet: json)
        }
        guard json else { return written.show() }
        try printJSON(written)
    }

    /// Writes what of a detector has a counterpart in other programs.
    private func writePyramid(of detector: DetectorArchitecture, _ card: StudentCard) throws {
        guard format == .onnx else {
            throw ValidationError(
                "\(detector) is a detector, of which the bottom-up network and the pyramid are exported with "
                    + "--format onnx; its weights as they are stand in \(file)")
        }
        let ofClassifiers = [("--int8", int8), ("--image-size", imageSize != nil)]
        if let option = ofClassifiers.first(where: \.1)?.0 {
            throw ValidationError(
                "\(option) is for networks that name one class a picture, and \(detector) is a detector, whose "
                    + "pyramid takes pictures of any size in float32; leave it out")
        }
        let written = try ExportedPyramid(
            file: file, key: weights.key, detector, card,
            normalization: try givenNormalization()
        ).write(to: output, folds: fold, normalizes: normalize)
        guard json else { return written.show() }
        try printJSON(written)
    }

    /// What `--mean` and `--std` say.
    private func givenNormalization() throws -> Normalization? {
        guard let mean, let std else { return nil }
        return Normalization(
            mean: try ChannelValues(mean, .mean, of: "--mean").values,
            deviation: try ChannelValues(std, .deviation, of: "--std").values)
    }
}

/// The forms that a network is written in.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case safetensors, pth, onnx
}
