import Torch
import TorchNN

/// One stage of a backbone.
public struct StageInfo: Sendable, Equatable {
    /// How many channels its output has.
    public let channels: Int

    /// The stride of its output against the input, in pixels.
    public let reduction: Int

    /// Describes a stage.
    public init(channels: Int, reduction: Int) {
        self.channels = channels
        self.reduction = reduction
    }
}

/// What a backbone computes on the way to its prediction, from the input to the deepest stage.
public struct FeaturePyramid {
    /// The output of the stem, after activation, `[N, C, H, W]`.
    public let stem: Tensor

    /// The outputs of the stages, after activation, `[N, C, H, W]` each.
    public let stages: [Tensor]

    /// The same before the last activation of each stage.
    public let preactivations: [Tensor]

    /// The global average of the deepest stage, `[N, C, 1, 1]`, where there is a classifier.
    public let pooled: Tensor?

    /// The classifier's output, `[N, classes]`, where there is one.
    public let logits: Tensor?

    /// Gathers the tensors.
    public init(
        stem: Tensor, stages: [Tensor], preactivations: [Tensor], pooled: Tensor?, logits: Tensor?
    ) {
        self.stem = stem
        self.stages = stages
        self.preactivations = preactivations
        self.pooled = pooled
        self.logits = logits
    }

    /// The stages' outputs followed by the pooled features.
    public var levels: [Tensor] { stages + (pooled.map { [$0] } ?? []) }

    /// The stages' pre-activations followed by the pooled features.
    public var preactivationLevels: [Tensor] { preactivations + (pooled.map { [$0] } ?? []) }
}

/// Something that turns images `[N, 3, H, W]` into a feature pyramid.
public protocol FeatureExtractor: AnyObject {
    /// The pyramid of normalised images.
    func features(_ images: Tensor) -> FeaturePyramid
}

/// A network with stages that describe themselves, from images `[N, 3, H, W]` to logits.
public protocol Backbone: Module, FeatureExtractor where Input == Tensor, Output == Tensor {
    /// The stages from shallow to deep.
    var stageInfo: [StageInfo] { get }

    /// How many channels the pooled features have.
    var pooledChannels: Int { get }

    /// The same network for inference alone: batch norms folded into the convolutions, which run
    /// with their additions and activations as single primitives.
    ///
    /// - Parameter dtype: the type that it computes in; images are converted.
    /// - Returns: a frozen copy; later changes to this network do not reach it.
    func folded(dtype: DType) -> any FeatureExtractor
}
