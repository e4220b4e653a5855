import Torch
import TorchNN
import VisionModels

extension Backbone {
    /// The state dict of this network for inference, with batch norms folded into the convolutions before them.
    ///
    /// Such a convolution has a bias, and the norm behind it is gone, as after PyTorch's `fuse_conv_bn_eval`. Norms
    /// without a convolution before them stay. The network itself stays as it is.
    ///
    /// - Parameters:
    ///   - name: what errors call the network.
    ///   - imageSize: height and width of images that it takes, in pixels.
    /// - Returns: the tensors under PyTorch's names, each convolution's bias behind its weight.
    /// - Throws: `ExportError.nothingToFold` where no convolution has a batch norm behind it.
    public func foldedStateDict(
        named name: String, imageSize: Int
    ) throws(ExportError) -> [NamedTensor] {
        let folding = NormFolding(self)
        withoutGrad {
            // The pass shows which norm is behind which convolution.
            let blank = Tensor.zeros([1, 3, imageSize, imageSize], device: device)
            _ = features(blank, by: TracedLayers(folds: true, fold: folding))
        }
        guard !folding.folded.isEmpty else { throw .nothingToFold(network: name) }
        let norms = Set(folding.folded.map { ObjectIdentifier($0.layer.norm.weight) })
        let state = stateDict()
        let gone = state.filter { norms.contains(ObjectIdentifier($0.tensor)) }
            .map { $0.name.dropLast("weight".count) }
        let layers = Dictionary(
            folding.folded.map { ($0.module, $0.layer) }, uniquingKeysWith: { first, _ in first })
        return state.flatMap { entry -> [NamedTensor] in
            let module = entry.name.split(separator: ".").dropLast().joined(separator: ".")
            if gone.contains(module + ".") { return [] }
            guard let layer = layers[module] else { return [entry] }
            guard entry.name.hasSuffix(".weight") else { return [] }
            return [
                NamedTensor(entry.name, layer.weight),
                NamedTensor(module + ".bias", layer.bias),
            ]
        }
    }
}
