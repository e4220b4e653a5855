import ArgumentParser
import Basics
import CommandOptions
import DetectionTraining
import Detectors
import ModelExport
import NetworkFiles
import ONNXFiles
import Remedies
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// A detector of a file, of which the bottom-up network and the pyramid are exported.
struct ExportedPyramid {
    private let architecture: DetectorArchitecture
    private let detector: any Detector
    private let card: StudentCard
    private let normalization: Normalization

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: the weights.
    ///   - key: where in the file they are.
    ///   - architecture: the detector.
    ///   - card: what the file says.
    ///   - normalization: of the images; nil for what the file says, else ImageNet's.
    /// - Throws: what loading throws.
    init(
        file: String, key: WeightsKey, _ architecture: DetectorArchitecture, _ card: StudentCard,
        normalization: Normalization?
    ) throws {
        self.architecture = architecture
        self.card = card
        let normalization = normalization ?? card.normalization ?? .imagenet
        self.normalization = normalization
        let classCount = try DetectorWeights(path: file, key: key, for: architecture).classCount
        detector = try UnfitWeights.naming("--model ") {
            try DetectorCard(card, of: file).detector(
                architecture, from: file, key: key, classCount: classCount ?? 80,
                takingPicturesAs: normalization, device: .cpu,
                remark: { printError("note: \(told($0))") })
        }
    }

    /// Writes the bottom-up network with the pyramid as a graph for ONNX.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - folds: whether batch norms become part of the convolutions before them.
    ///   - normalizes: whether the graph normalises images itself.
    /// - Returns: what was written.
    /// - Throws: `ExportError`, `FileError`.
    func write(to path: String, folds: Bool, normalizes: Bool) throws -> WrittenPyramid {
        var graph = try detector.onnxPyramid(
            named: architecture.name, folds: folds,
            normalization: normalizes ? (normalization.mean, normalization.deviation) : nil,
            divisor: FeaturePyramidNetwork.divisor
        ) { detector.maps(of: $0, by: $1).levels }
        var told = StudentCard()
        told.model = architecture.name
        told.classes = card.classes
        told.normalization = normalizes ? nil : normalization
        graph.metadata = try told.metadata()
        let contents = try graph.encoded(producer: ("reviewkd", toolVersion))
        try AtomicFile.write(contents, to: path)
        let strides = Dictionary(
            zip(graph.outputs.map(\.name), detector.levels.compactMap(\.reduction)),
            uniquingKeysWith: { first, _ in first })
        return WrittenPyramid(
            output: path, model: architecture.name, bytes: contents.count, folded: folds,
            normalized: normalizes, strides: strides)
    }
}

/// What an export of a detector has written, as it is told.
struct WrittenPyramid: Encodable {
    let output: String
    let format = ExportFormat.onnx.rawValue
    let model: String
    let bytes: Int
    let folded: Bool
    let normalized: Bool

    /// The stride of each output against the images, by its name.
    let strides: [String: Int]

    private enum CodingKeys: String, CodingKey {
        case output, format, model, bytes, folded, normalized, strides
    }

    /// Prints it for people.
    func show() {
        let size = (Double(bytes) / 1e6).formatted(places: 2)
        let norms = folded ? ", batch norms folded" : ""
        print("\(output): bottom-up network and pyramid of \(model) as onnx, \(size) MB\(norms)")
        let levels = strides.sorted { $0.value < $1.value }
            .map { "\($0.key) at stride \($0.value)" }.joined(separator: ", ")
        print(
            "input images float32 [N, 3, H, W], \(normalized ? "in 0...1" : "normalised"), padded to multiples of "
                + "\(FeaturePyramidNetwork.divisor); output \(levels)")
        print("its heads are not in the file: what chooses boxes stays with this tool")
    }
}
