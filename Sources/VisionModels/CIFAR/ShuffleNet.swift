import Torch
import TorchNN

extension Tensor {
    /// Interleaves the channels of `groups` parts, `[N, C, H, W]` to the same, channels last.
    ///
    /// Reference: Zhang et al., *ShuffleNet*, CVPR 2018, section 3.1.
    func shuffledChannels(groups: Int) -> Tensor {
        guard groups > 1 else { return self }
        let (count, channels, height, width) = (size(0), size(1), size(2), size(3))
        return permute([0, 2, 3, 1])
            .reshape([count, height, width, groups, channels / groups])
            .permute([0, 1, 2, 4, 3])
            .reshape([count, height, width, channels])
            .permute([0, 3, 1, 2])
    }
}

/// A 1×1 convolution without bias.
private func pointwise(
    _ inChannels: Int, _ outChannels: Int, groups: Int = 1, generator: Generator
) -> Conv2d {
    Conv2d(
        inChannels, outChannels, kernelSize: 1, groups: groups, bias: false, generator: generator)
}

/// A 3×3 convolution of each channel by itself, without bias.
private func depthwise(_ channels: Int, stride: Int, generator: Generator) -> Conv2d {
    Conv2d(
        channels, channels, kernelSize: 3, stride: stride, padding: 1, groups: channels,
        bias: false, generator: generator)
}

/// ShuffleNet (version 1) with three groups for 32×32 images: a 1×1 stem and three stages.
///
/// Unlike the paper's, its blocks have ReLU behind the depthwise convolution, as the published
/// networks of the distillation literature.
///
/// Reference: Zhang et al., *ShuffleNet: An Extremely Efficient Convolutional Neural Network for
/// Mobile Devices*, CVPR 2018, <https://arxiv.org/abs/1707.01083>, table 1.
public final class ShuffleNetV1: Backbone {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1: [ShuffleBlockV1]
    let layer2: [ShuffleBlockV1]
    let layer3: [ShuffleBlockV1]
    let linear: Linear

    /// The widths and strides of the three stages.
    public let stageInfo = [(240, 2), (480, 4), (960, 8)].map {
        StageInfo(channels: $0.0, reduction: $0.1)
    }

    /// The width of the deepest stage.
    public var pooledChannels: Int { 960 }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    public init(classCount: Int, generator: Generator) {
        func stage(_ from: Int, _ to: Int, count: Int) -> [ShuffleBlockV1] {
            (0..<count).map { index in
                index == 0
                    ? ShuffleBlockV1(from, to - from, stride: 2, generator: generator)
                    : ShuffleBlockV1(to, to, stride: 1, generator: generator)
            }
        }
        conv1 = pointwise(3, 24, generator: generator)
        bn1 = BatchNorm2d(24)
        layer1 = stage(24, 240, count: 4)
        layer2 = stage(240, 480, count: 8)
        layer3 = stage(480, 960, count: 4)
        linear = Linear(960, classCount, generator: generator)
    }

    /// The third batch norm of each stage's last block.
    public var stageNorms: [BatchNorm2d]? { [layer1, layer2, layer3].compactMap(\.last?.bn3) }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = execution.convolve(execution.prepare(images), conv1, bn1, relu: true)
        return execution.pyramid(
            stem: stem, stages: [layer1, layer2, layer3], classifier: linear)
    }
}

/// Grouped 1×1 convolutions around a shuffle and a depthwise convolution, added to the input, or
/// joined with its average where the map is halved.
final class ShuffleBlockV1: OpenBlock {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d
    let bn3: BatchNorm2d
    private let stride: Int

    init(_ inChannels: Int, _ outChannels: Int, stride: Int, generator: Generator) {
        let inner = outChannels / 4
        conv1 = pointwise(
            inChannels, inner, groups: inChannels == 24 ? 1 : 3, generator: generator)
        bn1 = BatchNorm2d(inner)
        conv2 = depthwise(inner, stride: stride, generator: generator)
        bn2 = BatchNorm2d(inner)
        conv3 = pointwise(inner, outChannels, groups: 3, generator: generator)
        bn3 = BatchNorm2d(outChannels)
        self.stride = stride
    }

    /// The block, before or after its last activation.
    func callAsFunction(
        _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor {
        let squeezed = execution.convolve(input, conv1, bn1, relu: true)
            .shuffledChannels(groups: conv1.groups)
        let inner = execution.convolve(squeezed, conv2, bn2, relu: true)
        guard stride == 2 else {
            return execution.convolve(inner, conv3, bn3, adding: input, relu: relu)
        }
        let carried = input.averagePool(3, stride: 2, padding: 1)
        let joined = Tensor.concatenate(
            [execution.convolve(inner, conv3, bn3), carried], dimension: 1)
        return relu ? joined.relu() : joined
    }
}

/// ShuffleNetV2 of size 1 for 32×32 images: a 1×1 stem, three stages, a last 1×1 convolution.
///
/// A stage's pre-activation is its last block before ReLU and before the shuffle.
///
/// Reference: Ma et al., *ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design*,
/// ECCV 2018, <https://arxiv.org/abs/1807.11164>, table 5.
public final class ShuffleNetV2: Backbone {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1: [any ShuffleBlockV2]
    let layer2: [any ShuffleBlockV2]
    let layer3: [any ShuffleBlockV2]
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let linear: Linear

    /// The widths and strides of the three stages.
    public let stageInfo = [(116, 2), (232, 4), (464, 8)].map {
        StageInfo(channels: $0.0, reduction: $0.1)
    }

    /// The width behind the last convolution.
    public var pooledChannels: Int { 1024 }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    public init(classCount: Int, generator: Generator) {
        func stage(_ from: Int, _ to: Int, count: Int) -> [any ShuffleBlockV2] {
            [ShuffleDownBlock(from, to, generator: generator)]
                + (0..<count).map { _ in ShuffleSplitBlock(to, generator: generator) }
        }
        conv1 = pointwise(3, 24, generator: generator)
        bn1 = BatchNorm2d(24)
        layer1 = stage(24, 116, count: 3)
        layer2 = stage(116, 232, count: 7)
        layer3 = stage(232, 464, count: 3)
        conv2 = pointwise(464, 1024, generator: generator)
        bn2 = BatchNorm2d(1024)
        linear = Linear(1024, classCount, generator: generator)
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = execution.convolve(execution.prepare(images), conv1, bn1, relu: true)
        var activation = stem
        var stages: [Tensor] = []
        var preactivations: [Tensor] = []
        for stage in [layer1, layer2, layer3] {
            for block in stage.dropLast() {
                activation = block.halves(activation, execution).output
            }
            let last = stage[stage.count - 1].halves(activation, execution)
            activation = last.output
            if execution.keepsPreactivations { preactivations.append(last.preactivation) }
            stages.append(activation)
        }
        let pooled = execution.convolve(activation, conv2, bn2, relu: true).adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: stages, preactivations: preactivations, pooled: pooled,
            logits: execution.classify(pooled: pooled, linear))
    }
}

/// A block of ShuffleNetV2, which joins two halves of the channels.
protocol ShuffleBlockV2: Module where Input == Tensor, Output == Tensor {
    /// The two halves before the last activation.
    func halves(_ input: Tensor, _ execution: any LayerExecution) -> ShuffleHalves
}

extension ShuffleBlockV2 {
    func callAsFunction(_ input: Tensor) -> Tensor { halves(input, LayersAsTheyStand()).output }
}

/// What a block of ShuffleNetV2 joins.
struct ShuffleHalves {
    /// The half that is final.
    let done: Tensor

    /// The half before its activation.
    let open: Tensor

    /// The joined halves before the activation and before the shuffle.
    var preactivation: Tensor { Tensor.concatenate([done, open], dimension: 1) }

    /// The block's output.
    var output: Tensor {
        Tensor.concatenate([done, open.relu()], dimension: 1).shuffledChannels(groups: 2)
    }
}

/// One half of the channels stays, the other goes through 1×1, depthwise and 1×1 convolutions.
final class ShuffleSplitBlock: ShuffleBlockV2 {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d
    let bn3: BatchNorm2d

    init(_ channels: Int, generator: Generator) {
        let half = channels / 2
        conv1 = pointwise(half, half, generator: generator)
        bn1 = BatchNorm2d(half)
        conv2 = depthwise(half, stride: 1, generator: generator)
        bn2 = BatchNorm2d(half)
        conv3 = pointwise(half, half, generator: generator)
        bn3 = BatchNorm2d(half)
    }

    func halves(_ input: Tensor, _ execution: any LayerExecution) -> ShuffleHalves {
        let half = input.size(1) / 2
        let squeezed = execution.convolve(
            input.narrow(1, half..<(2 * half)).contiguous(.channelsLast), conv1, bn1, relu: true)
        let inner = execution.convolve(squeezed, conv2, bn2)
        return ShuffleHalves(
            done: input.narrow(1, 0..<half), open: execution.convolve(inner, conv3, bn3))
    }
}

/// Both halves come from the whole input, each halved by a depthwise convolution.
final class ShuffleDownBlock: ShuffleBlockV2 {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d
    let bn3: BatchNorm2d
    let conv4: Conv2d
    let bn4: BatchNorm2d
    let conv5: Conv2d
    let bn5: BatchNorm2d

    init(_ inChannels: Int, _ outChannels: Int, generator: Generator) {
        let half = outChannels / 2
        conv1 = depthwise(inChannels, stride: 2, generator: generator)
        bn1 = BatchNorm2d(inChannels)
        conv2 = pointwise(inChannels, half, generator: generator)
        bn2 = BatchNorm2d(half)
        conv3 = pointwise(inChannels, half, generator: generator)
        bn3 = BatchNorm2d(half)
        conv4 = depthwise(half, stride: 2, generator: generator)
        bn4 = BatchNorm2d(half)
        conv5 = pointwise(half, half, generator: generator)
        bn5 = BatchNorm2d(half)
    }

    func halves(_ input: Tensor, _ execution: any LayerExecution) -> ShuffleHalves {
        let left = execution.convolve(
            execution.convolve(input, conv1, bn1), conv2, bn2, relu: true)
        let squeezed = execution.convolve(input, conv3, bn3, relu: true)
        let right = execution.convolve(execution.convolve(squeezed, conv4, bn4), conv5, bn5)
        return ShuffleHalves(done: left, open: right)
    }
}
