import Torch
import TorchNN
import VisionModels

/// The part of a detector that makes ever smaller maps of a picture, from which a pyramid is built.
public protocol BottomUp: Module {
    /// The widths and strides of the stages, from stride 4 to stride 32.
    var stageInfo: [StageInfo] { get }

    /// The stages of normalised images.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`; height and width are multiples of 32.
    ///   - execution: how the layers are carried out.
    /// - Returns: the map behind the first convolution, and the four stages, `[N, C, H, W]` each.
    func stages(
        of images: Tensor, by execution: any LayerExecution
    ) -> (stem: Tensor, stages: [Tensor])
}

/// What the norms of a bottom-up network do in training.
public enum BottomUpNorm: String, Sendable, CaseIterable {
    /// They stay as they are, scale and shift included: for weights that were trained before.
    case frozen

    /// They use the batch's statistics, and learn: for training from scratch.
    case batch

    /// Makes a norm.
    func make(_ channels: Int) -> any ChannelNorm {
        switch self {
        case .frozen: FrozenBatchNorm2d(channels)
        case .batch: BatchNorm2d(channels)
        }
    }
}

/// The bottom-up networks by name.
public enum BottomUpKind: String, Sendable, CaseIterable {
    case resNet18 = "R18"
    case resNet34 = "R34"
    case resNet50 = "R50"
    case resNet101 = "R101"
    case mobileNetV2 = "MV2"

    /// How many of the first parts keep their weights while the norms are frozen (`FREEZE_AT` of detectron2).
    public var frozenParts: Int { self == .mobileNetV2 ? 0 : 2 }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - norm: what its norms do.
    ///   - frozenParts: how many of the stem and the stages behind it do not learn.
    ///   - strideIn1x1: whether a bottleneck block has its stride in the first 1×1 convolution.
    ///   - generator: the source of the initial weights.
    /// - Returns: the network.
    public func make(
        norm: BottomUpNorm, frozenParts: Int, strideIn1x1: Bool = true, generator: Generator
    ) -> any BottomUp {
        func resNet(_ counts: [Int], bottleneck: Bool) -> any BottomUp {
            BottomUpResNet(
                counts: counts, bottleneck: bottleneck, norm: norm, frozenParts: frozenParts,
                strideIn1x1: strideIn1x1, generator: generator)
        }
        return switch self {
        case .resNet18: resNet([2, 2, 2, 2], bottleneck: false)
        case .resNet34: resNet([3, 4, 6, 3], bottleneck: false)
        case .resNet50: resNet([3, 4, 6, 3], bottleneck: true)
        case .resNet101: resNet([3, 4, 23, 3], bottleneck: true)
        case .mobileNetV2:
            BottomUpMobileNetV2(norm: norm, frozenParts: frozenParts, generator: generator)
        }
    }
}
