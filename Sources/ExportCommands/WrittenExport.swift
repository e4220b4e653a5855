import Basics
import ModelExport
import ONNXFiles
import Terminal
import VisionModels

/// What an export has written, as it is told.
struct WrittenExport: Encodable {
    /// How well 8-bit numbers do.
    struct Quantization: Encodable {
        /// How many images showed the ranges of values.
        let calibrationImages: Int

        /// How many images were judged.
        let images: Int

        /// The float network's accuracy in percent; nil where the images' classes are not the network's.
        let floatTop1: Double?

        /// The quantised network's accuracy in percent.
        let int8Top1: Double?

        /// For how many images in percent both name one class.
        let agreement: Double
    }

    /// The file.
    let output: String

    /// Its form.
    let format: String

    /// The network.
    let model: String

    /// How many classes it tells apart.
    let classes: Int

    /// The size of the file.
    let bytes: Int

    /// Whether batch norms are part of the convolutions.
    let folded: Bool

    /// Whether the file normalises images itself.
    var normalized = false

    /// Height and width of the images, in pixels.
    let imageSize: Int

    /// How well 8-bit numbers do, where the file has them.
    var int8: Quantization?

    /// Gathers what is known.
    init(
        _ network: ExportedNetwork, path: String, format: ExportFormat, byteCount: Int, folds: Bool
    ) {
        output = path
        self.format = format.rawValue
        model = network.architecture.name
        classes = network.classCount
        bytes = byteCount
        folded = folds
        imageSize = network.imageSize
    }

    /// Prints it for people.
    func show() {
        let size = (Double(bytes) / 1e6).formatted(places: 2)
        let norms = folded ? ", batch norms folded" : ""
        print("\(output): \(model) for \(classes) classes as \(format), \(size) MB\(norms)")
        guard format == ExportFormat.onnx.rawValue else { return }
        let range = normalized ? "in 0...1" : "normalised"
        print(
            "input images float32 [N, 3, \(imageSize), \(imageSize)], \(range); output logits [N, \(classes)] "
                + "(ONNX format \(ONNXGraph.formatVersion), operators \(ONNXGraph.operatorVersion))"
        )
        guard let int8 else { return }
        if let before = int8.floatTop1, let after = int8.int8Top1 {
            print(
                "top-1 \(after.formatted(places: 2)) % in int8, \(before.formatted(places: 2)) % in float32, on "
                    + "\(int8.images) images")
        } else {
            print("the images' classes are not the network's: there is no accuracy")
        }
        print(
            "int8 names the class of float32 for \(int8.agreement.formatted(places: 2)) % of \(int8.images) "
                + "images (ranges of values from \(int8.calibrationImages) images)")
    }
}
