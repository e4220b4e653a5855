import ArgumentParser
import Basics
import CommandOptions
import ModelExport
import NetworkFiles
import Remedies
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// A network of a file, with what the file says of it.
struct ExportedNetwork {
    /// Which network it is.
    let architecture: Architecture

    /// The network, on the CPU in evaluation mode.
    let network: any Backbone

    /// How many classes it tells apart.
    let classCount: Int

    /// What is known of it beside the weights.
    let card: StudentCard

    /// Height and width of its images, in pixels.
    let imageSize: Int

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: the weights.
    ///   - key: where in the file they are.
    ///   - architecture: the network.
    ///   - card: what the file says.
    ///   - imageSize: of its images, in pixels; nil for what the file says.
    /// - Throws: what loading throws.
    init(
        file: String, key: WeightsKey, _ architecture: Architecture, _ card: StudentCard,
        imageSize: Int?
    ) throws {
        var card = card
        self.architecture = architecture
        let network = try UnfitWeights.naming("--model ") {
            try loadNetwork(
                architecture.name, weights: file, key: key, device: .cpu,
                remark: { printError("note: \(told($0))") },
                classCount: { $0.classCount(in: $1) ?? $0.classCount })
        }
        self.network = network
        let classCount = Self.classes(of: network, architecture)
        self.classCount = classCount
        self.imageSize = imageSize ?? card.imageSize ?? architecture.imageSize
        card.model = architecture.name
        card.imageSize = self.imageSize
        if card.classes?.count != classCount { card.classes = nil }
        self.card = card
    }

    /// The number of rows of the last layer.
    private static func classes(of network: any Backbone, _ architecture: Architecture) -> Int {
        let keys = architecture.classifierKeys
        return network.stateDict().first { keys.contains($0.name) }?.tensor.size(0) ?? 0
    }

    /// How images are normalised: what is given, what the file says, or what is usual for such a network.
    ///
    /// - Parameter given: what the user says.
    /// - Returns: the mean and the deviation.
    /// - Throws: `ValidationError` where nothing is known.
    func normalization(_ given: Normalization?) throws -> Normalization {
        if let known = given ?? card.normalization { return known }
        switch (architecture.imageSize, classCount) {
        case (32, 100): return .cifar100
        case (32, 10): return .cifar10
        case (224, _): return .imagenet
        default:
            throw ValidationError(
                "the weights do not say how the images of \(architecture) are normalised; give --mean "
                    + "and --std")
        }
    }

    /// Writes the weights under the published names.
    ///
    /// - Parameters:
    ///   - format: safetensors or pth.
    ///   - folds: whether batch norms become part of the convolutions before them.
    ///   - path: the file.
    /// - Returns: what was written.
    /// - Throws: `ExportError` where there is nothing to fold, `FileError` where nothing can be written.
    func writeWeights(
        _ format: ExportFormat, folds: Bool, to path: String
    ) throws -> WrittenExport {
        let state =
            folds
            ? try network.foldedStateDict(
                named: architecture.name, imageSize: architecture.imageSize) : network.stateDict()
        let entries = state.map(\.entry)
        let contents =
            format == .pth
            ? try PyTorchFile.encode(entries: entries)
            : try Safetensors.encode(entries: entries, metadata: try card.metadata())
        try AtomicFile.write(contents, to: path)
        return WrittenExport(
            self, path: path, format: format, byteCount: contents.count, folds: folds)
    }
}
