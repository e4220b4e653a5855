import Torch
import TorchNN

/// The residual networks of ImageNet: a stem of 64, four stages of blocks, a classifier.
///
/// The form decides the stem and the names in the state dict: torchvision's networks for ImageNet, or those
/// that the distillation literature made of them for CIFAR.
///
/// Reference: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, table 1.
public final class ResNet: Backbone {
    /// What the networks are made for.
    public enum Form: Sendable {
        /// 32×32 images: a 3×3 stem that keeps the size.
        case cifar

        /// 224×224 images: a 7×7 stem and a maximum over 3×3, which halve the map twice.
        case imageNet
    }

    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1: [ResidualBlock]
    let layer2: [ResidualBlock]
    let layer3: [ResidualBlock]
    let layer4: [ResidualBlock]
    let linear: Linear

    private let form: Form

    /// The keys of the form's published state dicts.
    public let stateDictKeys: [String: String]

    /// The widths and strides of the four stages.
    public let stageInfo: [StageInfo]

    /// The width of the deepest stage.
    public var pooledChannels: Int { stageInfo[3].channels }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - counts: how many blocks each of the four stages has.
    ///   - bottleneck: whether a block is 1×1, 3×3, 1×1, four times as wide; else two 3×3.
    ///   - form: the images that it is for.
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Precondition: there are four counts.
    public init(
        counts: [Int], bottleneck: Bool, form: Form, classCount: Int, generator: Generator
    ) {
        precondition(counts.count == 4, "ResNet: \(counts.count) stages, expected 4")
        let widths = [64, 128, 256, 512]
        let expansion = bottleneck ? 4 : 1
        var channels = 64
        let stages = zip(counts, widths).enumerated().map { index, stage in
            (0..<stage.0).map { block in
                let made = ResidualBlock(
                    channels, stage.1, stride: block == 0 && index > 0 ? 2 : 1,
                    bottleneck: bottleneck, form: form.blocks, generator: generator)
                channels = stage.1 * expansion
                return made
            }
        }
        let stem = form.stem
        conv1 = Conv2d(
            3, 64, kernelSize: stem.kernelSize, stride: stem.stride, padding: stem.kernelSize / 2,
            bias: false, generator: generator)
        bn1 = BatchNorm2d(64)
        layer1 = stages[0]
        layer2 = stages[1]
        layer3 = stages[2]
        layer4 = stages[3]
        linear = Linear(512 * expansion, classCount, generator: generator)
        self.form = form
        stateDictKeys = ["linear": form.classifierKey]
        stageInfo = zip(widths, [1, 2, 4, 8]).map {
            StageInfo(channels: $0 * expansion, reduction: $1 * stem.reduction)
        }
        withoutGrad {
            for entry in parameters() where entry.tensor.rank == 4 {
                entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
        }
    }

    /// The last batch norm of each stage's last block.
    public var stageNorms: [BatchNorm2d]? {
        [layer1, layer2, layer3, layer4].compactMap { $0.last?.lastNorm as? BatchNorm2d }
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = execution.convolve(execution.prepare(images), conv1, bn1, relu: true)
        return execution.pyramid(
            stem: stem, input: form == .imageNet ? stem.maxPool(3, stride: 2, padding: 1) : stem,
            stages: [layer1, layer2, layer3, layer4], classifier: linear)
    }
}

extension ResNet.Form {
    /// The first convolution, and the stride of the first stage.
    fileprivate var stem: (kernelSize: Int, stride: Int, reduction: Int) {
        switch self {
        case .cifar: (3, 1, 1)
        case .imageNet: (7, 2, 4)
        }
    }

    fileprivate var blocks: ResidualBlock.Form {
        switch self {
        case .cifar: .classification(shortcutKey: "shortcut")
        case .imageNet: .classification(shortcutKey: "downsample")
        }
    }

    fileprivate var classifierKey: String {
        switch self {
        case .cifar: "linear"
        case .imageNet: "fc"
        }
    }
}
