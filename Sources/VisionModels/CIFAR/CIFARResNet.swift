import Torch
import TorchNN

/// The residual networks for 32×32 images: a 3×3 stem, three stages of basic blocks, a classifier.
///
/// Stage widths are 16, 32, 64, or four times that with a stem of 32 (`x4`); strides are 1, 2, 2.
/// Works for any image size. Keys are those of the published checkpoints.
///
/// Reference: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, section 4.2; the
/// shortcuts where the width changes are 1×1 convolutions, as in the distillation literature.
public final class CIFARResNet: Backbone {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1: [ResidualBlock]
    let layer2: [ResidualBlock]
    let layer3: [ResidualBlock]
    let fc: Linear

    /// The three stages' widths and strides.
    public let stageInfo: [StageInfo]

    /// The width of the deepest stage.
    public var pooledChannels: Int { stageInfo[2].channels }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - depth: 6n + 2 for n blocks per stage.
    ///   - widths: of the stem and the three stages.
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Precondition: `depth` is 6n + 2 with n of at least 1, and there are four widths.
    public init(depth: Int, widths: [Int], classCount: Int, generator: Generator) {
        precondition(depth >= 8 && depth % 6 == 2, "CIFARResNet: depth \(depth) is not 6n + 2")
        precondition(widths.count == 4, "CIFARResNet: \(widths.count) widths, expected 4")
        let blocks = (depth - 2) / 6
        func stage(_ index: Int) -> [ResidualBlock] {
            (0..<blocks).map { block in
                ResidualBlock(
                    block == 0 ? widths[index - 1] : widths[index], widths[index],
                    stride: block == 0 && index > 1 ? 2 : 1,
                    form: .classification(shortcutKey: "downsample"),
                    generator: generator)
            }
        }
        conv1 = Conv2d(
            3, widths[0], kernelSize: 3, padding: 1, bias: false, generator: generator)
        bn1 = BatchNorm2d(widths[0])
        layer1 = stage(1)
        layer2 = stage(2)
        layer3 = stage(3)
        fc = Linear(widths[3], classCount, generator: generator)
        stageInfo = zip(widths.dropFirst(), [1, 2, 4]).map {
            StageInfo(channels: $0, reduction: $1)
        }
        for entry in parameters() where entry.tensor.rank == 4 {
            withoutGrad {
                _ = entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
        }
    }

    /// The second batch norm of each stage's last block.
    public var stageNorms: [BatchNorm2d]? {
        [layer1, layer2, layer3].compactMap { $0.last?.lastNorm as? BatchNorm2d }
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = execution.convolve(execution.prepare(images), conv1, bn1, relu: true)
        return execution.pyramid(
            stem: stem, stages: [layer1, layer2, layer3], classifier: fc)
    }
}
