import Torch
import TorchNN
import VisionModels

/// What a network calls on the way from images to logits, for two numbers of images.
///
/// A size that is equal in both passes belongs to the network; one that is the number of images in both is
/// whatever the number will be.
struct NetworkTrace {
    /// The numbers of images in the two passes; no two sizes of a network differ like these by chance.
    static let counts = (2, 3)

    /// The calls in pairs, in their order.
    let calls: [TracedCall]

    /// What the first pass began with, `[2, 3, H, W]`.
    let images: Tensor

    /// What it ended with, `[2, classes]`.
    let logits: Tensor

    /// The tensors that are the network's, by name.
    let constants: [NamedTensor]

    /// Runs a network twice on blank images.
    ///
    /// - Parameters:
    ///   - network: on the CPU; it stays as it is.
    ///   - name: what errors call it.
    ///   - imageSize: height and width of the images, in pixels.
    ///   - folds: whether batch norms become part of the convolutions before them.
    /// - Throws: `ExportError`.
    init(
        _ network: any Backbone, named name: String, imageSize: Int, folds: Bool
    ) throws(ExportError) {
        let folding = NormFolding(network)
        let layers = TracedLayers(folds: folds, fold: folding)
        func pass(_ count: Int) -> (images: Tensor, logits: Tensor?) {
            let images = Tensor.zeros([count, 3, imageSize, imageSize], device: network.device)
            return (images, network.features(images, by: layers).logits)
        }
        // The folding is done when the passes are recorded, so that both are alike.
        if folds { withoutGrad { _ = pass(1) } }
        guard !folds || !folding.folded.isEmpty else { throw .nothingToFold(network: name) }
        let (first, calls) = withoutGrad { recordingOperators { pass(Self.counts.0) } }
        let (_, others) = withoutGrad { recordingOperators { pass(Self.counts.1) } }
        guard let logits = first.logits else { throw .noClassifier(network: name) }
        guard calls.map(\.operation) == others.map(\.operation) else {
            throw .dependsOnCount(of: "its layers", network: name)
        }
        self.calls = zip(calls, others).map { TracedCall($0, $1, network: name) }
        images = first.images
        self.logits = logits
        constants =
            network.stateDict()
            + folding.folded.flatMap { module, layer in
                [
                    NamedTensor(module + ".weight", layer.weight),
                    NamedTensor(module + ".bias", layer.bias),
                ]
            }
    }
}
