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

/// One level of a pyramid, as methods compare them: a stage, the pooled vector, or a level of a feature
/// pyramid network.
public struct LevelInfo: Sendable, Equatable {
    /// How many channels it has.
    public let channels: Int

    /// The stride against the input, in pixels; nil for a vector.
    public let reduction: Int?

    /// Describes a level.
    public init(channels: Int, reduction: Int?) {
        self.channels = channels
        self.reduction = reduction
    }
}

/// What a backbone computes on the way to its prediction, from the input to the deepest stage.
public struct FeaturePyramid {
    /// The output of the stem, `[N, C, H, W]`; after activation, but of a Wide ResNet, whose activations
    /// stand at the beginning of the next block.
    public let stem: Tensor

    /// The outputs of the stages, `[N, C, H, W]` each; after activation where the stage ends in one, which
    /// those of Wide ResNets and of MobileNetV2 do not.
    public let stages: [Tensor]

    /// The same before the last activation of each stage, of a Wide ResNet behind the next batch norm; none
    /// where they were not asked for.
    public let preactivations: [Tensor]

    /// The global average that the classifier takes, `[N, C, 1, 1]`, where there is one: of the deepest
    /// stage, or of the last convolution behind it (MobileNetV2, ShuffleNetV2).
    public let pooled: Tensor?

    /// The classifier's output, `[N, classes]`, where there is one; of a detector what it says of regions.
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

    /// The same pyramid with other logits.
    public func with(logits: Tensor?) -> FeaturePyramid {
        FeaturePyramid(
            stem: stem, stages: stages, preactivations: preactivations, pooled: pooled,
            logits: logits)
    }

    /// The stages' outputs followed by the pooled features.
    public var levels: [Tensor] { stages + (pooled.map { [$0] } ?? []) }

    /// The stages' pre-activations followed by the pooled features.
    public var preactivationLevels: [Tensor] { preactivations + (pooled.map { [$0] } ?? []) }
}

/// Something that turns images `[N, 3, H, W]` into a feature pyramid.
public protocol FeatureExtractor: AnyObject {
    /// The levels of its pyramids, from shallow to deep.
    var levels: [LevelInfo] { get }

    /// The pyramid of normalised images.
    ///
    /// - Parameters:
    ///   - images: the images.
    ///   - keepsPreactivations: whether the pyramid has the stages before their last activation too,
    ///     which costs a pass over memory for each.
    /// - Returns: the pyramid.
    func features(_ images: Tensor, keepsPreactivations: Bool) -> FeaturePyramid
}

/// A network with a feature pyramid, which others can learn from.
public protocol PyramidNetwork: Module, FeatureExtractor {
    /// The same network for inference alone.
    ///
    /// - Parameter dtype: the type that it computes in; images are converted.
    /// - Returns: a frozen copy; later changes to this network do not reach it.
    func folded(dtype: DType) -> any FeatureExtractor
}

extension FeatureExtractor {
    /// The pyramid of normalised images, with pre-activations.
    public func features(_ images: Tensor) -> FeaturePyramid {
        features(images, keepsPreactivations: true)
    }
}
