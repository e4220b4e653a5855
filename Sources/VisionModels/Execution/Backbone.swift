import Torch
import TorchNN

/// A network with stages that describe themselves, from images `[N, 3, H, W]` to logits.
public protocol Backbone: Layer, PyramidNetwork {
    /// The stages from shallow to deep.
    var stageInfo: [StageInfo] { get }

    /// How many channels the pooled features have.
    var pooledChannels: Int { get }

    /// The batch norms that the stages' pre-activations come from, from shallow to deep; nil where they
    /// do not end in one.
    var stageNorms: [BatchNorm2d]? { get }

    /// The pyramid of normalised images `[N, 3, H, W]`.
    ///
    /// - Parameters:
    ///   - images: the images.
    ///   - execution: how the layers are carried out; every convolution, batch norm and classifier
    ///     goes through it.
    /// - Returns: the pyramid.
    func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid
}

extension Backbone {
    /// The stages, then the pooled features.
    public var levels: [LevelInfo] {
        stageInfo.map { LevelInfo(channels: $0.channels, reduction: $0.reduction) }
            + [LevelInfo(channels: pooledChannels, reduction: nil)]
    }

    /// The height and width of images of which the deepest stage makes one pixel.
    var smallestImageSize: Int { stageInfo.map(\.reduction).max() ?? 1 }

    /// Nothing is known of the stages' ends.
    public var stageNorms: [BatchNorm2d]? { nil }

    /// The pyramid of normalised images, by the layers as they stand.
    public func features(_ images: Tensor, keepsPreactivations: Bool) -> FeaturePyramid {
        features(images, by: LayersAsTheyStand(keepsPreactivations: keepsPreactivations))
    }

    /// The logits of normalised images.
    ///
    /// - Precondition: the network has a classifier.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        guard let logits = features(images, keepsPreactivations: false).logits else {
            preconditionFailure("\(type(of: self)): there is no classifier")
        }
        return logits
    }

    /// The same network for inference alone: batch norms folded into the convolutions, which run
    /// with their additions and activations as single primitives.
    ///
    /// - Parameter dtype: the type that it computes in; images are converted.
    /// - Returns: a frozen copy; later changes to this network do not reach it.
    public func folded(dtype: DType) -> any FeatureExtractor { FoldedNetwork(self, dtype: dtype) }
}

/// The convolutions of a sequence, each with the norm behind it.
package func convolutionUnits(
    of layers: [any Layer]
) -> [(convolution: Conv2d, norm: any ChannelNorm)] {
    Array(zip(layers.compactMap { $0 as? Conv2d }, layers.compactMap { $0 as? any ChannelNorm }))
}
