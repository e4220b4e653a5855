import Torch
import TorchNN

/// MobileNetV2 for 32×32 images: inverted residual blocks with linear bottlenecks.
///
/// The stem halves the map and the first block keeps it, as in the distillation literature, which
/// also has plain ReLU in place of ReLU6. The stages are the outputs of the second, third, fifth and
/// seventh group of blocks. They end without an activation, so that a stage's pre-activation is its
/// output.
///
/// Reference: Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, CVPR 2018,
/// <https://arxiv.org/abs/1801.04381>, table 2.
public final class MobileNetV2: Backbone {
    let conv1: [any Layer]
    let blocks: [[InvertedResidual]]
    let conv2: [any Layer]
    let classifier: [Linear]

    /// The widths and strides of the four stages.
    public let stageInfo: [StageInfo]

    /// The width behind the last convolution.
    public let pooledChannels: Int

    /// A group of blocks: expansion, width at full size, number, stride.
    private typealias Group = (expansion: Int, channels: Int, count: Int, stride: Int)

    private static let groups: [Group] = [
        (1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]

    /// The groups whose outputs are stages.
    private static let tapped = [1, 2, 4, 6]

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - width: the factor on all widths but that of the last convolution below 1.
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    public init(width: Double, classCount: Int, generator: Generator) {
        func scaled(_ channels: Int) -> Int { Int(Double(channels) * width) }
        func unit(_ from: Int, _ to: Int, kernelSize: Int, stride: Int) -> [any Layer] {
            [
                Conv2d(
                    from, to, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2,
                    bias: false, generator: generator),
                BatchNorm2d(to), ReLU(),
            ]
        }
        var channels = scaled(32)
        conv1 = unit(3, channels, kernelSize: 3, stride: 2)
        var reduction = 2
        var infos: [StageInfo] = []
        blocks = Self.groups.map { group in
            let blocks = (0..<group.count).map { index in
                let block = InvertedResidual(
                    channels, scaled(group.channels), stride: index == 0 ? group.stride : 1,
                    expansion: group.expansion, generator: generator)
                channels = scaled(group.channels)
                return block
            }
            reduction *= group.stride
            infos.append(StageInfo(channels: channels, reduction: reduction))
            return blocks
        }
        stageInfo = Self.tapped.map { infos[$0] }
        pooledChannels = width > 1 ? scaled(1280) : 1280
        conv2 = unit(channels, pooledChannels, kernelSize: 1, stride: 1)
        let last = Linear(pooledChannels, classCount, generator: generator)
        classifier = [last]
        withoutGrad {
            for entry in parameters() where entry.tensor.rank == 4 {
                entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
            last.weight.fillNormal(deviation: 0.01, generator: generator)
            _ = last.bias?.fillZero()
        }
    }

    /// The batch norm behind each stage's last projection.
    public var stageNorms: [BatchNorm2d]? {
        Self.tapped.compactMap { blocks[$0].last?.conv.last as? BatchNorm2d }
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        func run(_ layers: [any Layer], _ input: Tensor) -> Tensor {
            convolutionUnits(of: layers).reduce(input) {
                execution.convolve($0, $1.convolution, $1.norm, relu: true)
            }
        }
        let stem = run(conv1, execution.prepare(images))
        var output = stem
        var stages: [Tensor] = []
        for (index, group) in blocks.enumerated() {
            output = group.reduce(output) { $1($0, execution) }
            if Self.tapped.contains(index) { stages.append(output) }
        }
        let pooled = run(conv2, output).adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: stages, preactivations: stages, pooled: pooled,
            logits: execution.classify(pooled: pooled, classifier[0]))
    }
}

/// Expansion, depthwise convolution and a linear projection, beside the input where the shape stays.
package final class InvertedResidual: Module {
    /// How the blocks of one network differ from those of another.
    package struct Form: Sendable {
        /// Whether a block that expands by 1 has a 1×1 convolution for it.
        let expandsByOne: Bool

        /// Where its activations end, as 6 for ReLU6; nil for ReLU.
        let ceiling: Double?

        /// Makes a norm for a number of channels.
        let makeNorm: @Sendable (Int) -> any ChannelNorm

        /// Describes blocks; without arguments those of the distillation literature's network for CIFAR.
        package init(
            expandsByOne: Bool = true, ceiling: Double? = nil,
            makeNorm: @escaping @Sendable (Int) -> any ChannelNorm = { BatchNorm2d($0) }
        ) {
            self.expandsByOne = expandsByOne
            self.ceiling = ceiling
            self.makeNorm = makeNorm
        }
    }

    let conv: [any Layer]
    private let isResidual: Bool
    private let ceiling: Double?

    /// Makes a block with PyTorch's default weights.
    ///
    /// - Parameters:
    ///   - inChannels: of the input.
    ///   - outChannels: of the projection.
    ///   - stride: of the depthwise convolution.
    ///   - expansion: how many times as wide it is as the input.
    ///   - form: the network's.
    ///   - generator: the source of the initial weights.
    package init(
        _ inChannels: Int, _ outChannels: Int, stride: Int, expansion: Int, form: Form = Form(),
        generator: Generator
    ) {
        let inner = inChannels * expansion
        let expand: [any Layer] =
            expansion == 1 && !form.expandsByOne
            ? []
            : [
                Conv2d(inChannels, inner, kernelSize: 1, bias: false, generator: generator),
                form.makeNorm(inner), ReLU(),
            ]
        conv =
            expand + [
                Conv2d(
                    inner, inner, kernelSize: 3, stride: stride, padding: 1, groups: inner,
                    bias: false, generator: generator),
                form.makeNorm(inner), ReLU(),
                Conv2d(inner, outChannels, kernelSize: 1, bias: false, generator: generator),
                form.makeNorm(outChannels),
            ]
        isResidual = stride == 1 && inChannels == outChannels
        ceiling = form.ceiling
    }

    /// The block's output, which has no activation.
    package func callAsFunction(_ input: Tensor, _ execution: any LayerExecution) -> Tensor {
        let units = convolutionUnits(of: conv)
        let inner = units.dropLast().reduce(input) {
            execution.convolve($0, $1.convolution, $1.norm, reluUpTo: ceiling)
        }
        let last = units[units.count - 1]
        return execution.convolve(
            inner, last.convolution, last.norm, adding: isResidual ? input : nil)
    }
}
