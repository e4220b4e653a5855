import Basics
import CommandOptions
import Foundation
import ModelExport
import ONNXFiles
import Terminal
import Torch
import Training
import VisionData
import VisionModels

/// How a graph is to be written.
struct GraphRequest {
    /// Whether batch norms become part of the convolutions before them.
    let folds: Bool

    /// Whether the graph normalises images itself.
    let normalizes: Bool

    /// How images are normalised; nil for what is known of the network.
    let normalization: Normalization?

    /// The folder of images for 8-bit numbers; nil for float32.
    let calibration: String?
}

extension ExportedNetwork {
    /// Writes the network as a graph for ONNX.
    ///
    /// - Parameters:
    ///   - request: how.
    ///   - path: the file.
    ///   - isQuiet: whether no progress is shown.
    /// - Returns: what was written.
    /// - Throws: `ExportError`, `FileError`, or what opening the images throws.
    func writeGraph(
        _ request: GraphRequest, to path: String, isQuiet: Bool
    ) throws -> WrittenExport {
        var settings = GraphSettings(imageSize: imageSize, folds: request.folds)
        var card = card
        if request.normalizes {
            let own = try normalization(request.normalization)
            settings.normalization = (own.mean, own.deviation)
            card.normalization = nil
        } else if card.normalization == nil {
            card.normalization = request.normalization
        }
        var graph = try network.onnxGraph(named: architecture.name, settings)
        graph.metadata = try card.metadata()
        let images = try request.calibration.map {
            try CalibrationImages(
                of: $0, for: self,
                normalization: request.normalizes
                    ? CalibrationImages.unchanged : try normalization(request.normalization))
        }
        let quantized = try images.map { try $0.quantized(graph) }
        let contents = try (quantized ?? graph).encoded(producer: ("reviewkd", toolVersion))
        try AtomicFile.write(contents, to: path)
        var written = WrittenExport(
            self, path: path, format: .onnx, byteCount: contents.count, folds: request.folds)
        if let images, let quantized {
            // The file is there already, whatever becomes of the rest.
            written.int8 = try images.judge(graph, quantized, isQuiet: isQuiet)
        }
        written.normalized = request.normalizes
        return written
    }
}
