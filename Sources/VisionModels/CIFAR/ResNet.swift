import Torch
import TorchNN

/// The residual networks of ImageNet's shape for 32×32 images: a 3×3 stem of 64 and four stages.
///
/// The stride of a bottleneck block is in its 3×3 convolution.
///
/// Reference: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, table 1, with the
/// stem of the distillation literature.
public final class ResNet: Backbone {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1: [ResidualBlock]
    let layer2: [ResidualBlock]
    let layer3: [ResidualBlock]
    let layer4: [ResidualBlock]
    let linear: Linear

    /// The widths and strides of the four stages.
    public let stageInfo: [StageInfo]

    /// The width of the deepest stage.
    public var pooledChannels: Int { stageInfo[3].channels }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - counts: how many blocks each of the four stages has.
    ///   - bottleneck: whether a block is 1×1, 3×3, 1×1, four times as wide; else two 3×3.
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Precondition: there are four counts.
    public init(counts: [Int], bottleneck: Bool, classCount: Int, generator: Generator) {
        precondition(counts.count == 4, "ResNet: \(counts.count) stages, expected 4")
        let widths = [64, 128, 256, 512]
        let expansion = bottleneck ? 4 : 1
        var channels = 64
        let stages = zip(counts, widths).enumerated().map { index, stage in
            (0..<stage.0).map { block in
                let made = ResidualBlock(
                    channels, stage.1, stride: block == 0 && index > 0 ? 2 : 1,
                    bottleneck: bottleneck, generator: generator)
                channels = stage.1 * expansion
                return made
            }
        }
        conv1 = Conv2d(3, 64, kernelSize: 3, padding: 1, bias: false, generator: generator)
        bn1 = BatchNorm2d(64)
        layer1 = stages[0]
        layer2 = stages[1]
        layer3 = stages[2]
        layer4 = stages[3]
        linear = Linear(512 * expansion, classCount, generator: generator)
        stageInfo = zip(widths, [1, 2, 4, 8]).map {
            StageInfo(channels: $0 * expansion, reduction: $1)
        }
        withoutGrad {
            for entry in parameters() where entry.tensor.rank == 4 {
                entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
        }
    }

    /// The last batch norm of each stage's last block.
    public var stageNorms: [BatchNorm2d]? {
        [layer1, layer2, layer3, layer4].compactMap(\.last).map { $0.bn3 ?? $0.bn2 }
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = execution.convolve(execution.prepare(images), conv1, bn1, relu: true)
        return execution.pyramid(
            stem: stem, stages: [layer1, layer2, layer3, layer4], classifier: linear)
    }
}

/// Two 3×3 convolutions, or a 3×3 between two 1×1, beside a shortcut.
final class ResidualBlock: OpenBlock {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d?
    let bn3: BatchNorm2d?
    let shortcut: [any Layer]

    init(
        _ inChannels: Int, _ channels: Int, stride: Int, bottleneck: Bool, generator: Generator
    ) {
        func convolution(_ from: Int, _ to: Int, kernelSize: Int, stride: Int = 1) -> Conv2d {
            Conv2d(
                from, to, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2,
                bias: false, generator: generator)
        }
        let outChannels = bottleneck ? 4 * channels : channels
        conv1 =
            bottleneck
            ? convolution(inChannels, channels, kernelSize: 1)
            : convolution(inChannels, channels, kernelSize: 3, stride: stride)
        bn1 = BatchNorm2d(channels)
        conv2 = convolution(channels, channels, kernelSize: 3, stride: bottleneck ? stride : 1)
        bn2 = BatchNorm2d(channels)
        conv3 = bottleneck ? convolution(channels, outChannels, kernelSize: 1) : nil
        bn3 = bottleneck ? BatchNorm2d(outChannels) : nil
        shortcut =
            stride == 1 && inChannels == outChannels
            ? []
            : [
                convolution(inChannels, outChannels, kernelSize: 1, stride: stride),
                BatchNorm2d(outChannels),
            ]
    }

    /// The sum, before or after its activation.
    func callAsFunction(
        _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor {
        let carried = convolutionUnits(of: shortcut).reduce(input) {
            execution.convolve($0, $1.convolution, $1.norm)
        }
        let first = execution.convolve(input, conv1, bn1, relu: true)
        guard let conv3 else {
            return execution.convolve(first, conv2, bn2, adding: carried, relu: relu)
        }
        let second = execution.convolve(first, conv2, bn2, relu: true)
        return execution.convolve(second, conv3, bn3, adding: carried, relu: relu)
    }
}
