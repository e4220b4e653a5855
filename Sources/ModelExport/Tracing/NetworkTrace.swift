import Torch
import TorchNN
import VisionModels

/// What a network calls on the way from images to what it gives, for two batches of images.
///
/// A size that is equal in both passes belongs to the network; one that is the number of images in both is
/// whatever the number will be. Where the images of the second pass have another height and width too, none of
/// the network's sizes follows from them.
struct NetworkTrace {
    /// The numbers of images in the two passes; no two sizes of a network differ like these by chance.
    static let counts = (2, 3)

    /// The calls in pairs, in their order.
    let calls: [TracedCall]

    /// What the first pass began with, `[2, 3, H, W]`.
    let images: Tensor

    /// What it ended with, such as logits `[2, classes]`.
    let outputs: [Tensor]

    /// The tensors that are the network's, by name.
    let constants: [NamedTensor]

    /// Runs a network twice on blank images.
    ///
    /// - Parameters:
    ///   - network: on the CPU; it stays as it is.
    ///   - name: what errors call it.
    ///   - sizes: height and width of the images of each pass, in pixels.
    ///   - folds: whether batch norms become part of the convolutions before them.
    ///   - outputs: what is wanted of the network for some images, by layers that are recorded.
    /// - Throws: `ExportError`.
    init(
        _ network: any Module, named name: String,
        sizes: ((height: Int, width: Int), (height: Int, width: Int)), folds: Bool,
        outputs: (_ images: Tensor, _ layers: any LayerExecution) -> [Tensor]
    ) throws(ExportError) {
        let folding = NormFolding(network)
        let layers = TracedLayers(folds: folds, fold: folding)
        func pass(
            _ count: Int, _ size: (height: Int, width: Int)
        ) -> (images: Tensor, outputs: [Tensor]) {
            let images = Tensor.zeros([count, 3, size.height, size.width], device: network.device)
            return (images, outputs(images, layers))
        }
        // The folding is done when the passes are recorded, so that both are alike.
        if folds { withoutGrad { _ = pass(1, sizes.0) } }
        guard !folds || !folding.folded.isEmpty else { throw .nothingToFold(network: name) }
        let (first, calls) = withoutGrad { recordingOperators { pass(Self.counts.0, sizes.0) } }
        let (_, others) = withoutGrad { recordingOperators { pass(Self.counts.1, sizes.1) } }
        guard !first.outputs.isEmpty else { throw .noClassifier(network: name) }
        guard calls.map(\.operation) == others.map(\.operation) else {
            throw .dependsOnCount(of: "its layers", network: name)
        }
        self.calls = zip(calls, others).map { TracedCall($0, $1, network: name) }
        images = first.images
        self.outputs = first.outputs
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
