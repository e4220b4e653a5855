import Torch
import TorchNN

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
        conv1 = .pointwise(3, 24, generator: generator)
        bn1 = BatchNorm2d(24)
        layer1 = stage(24, 116, count: 3)
        layer2 = stage(116, 232, count: 7)
        layer3 = stage(232, 464, count: 3)
        conv2 = .pointwise(464, 1024, generator: generator)
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
                activation = block.halves(activation, execution).output(execution)
            }
            let last = stage[stage.count - 1].halves(activation, execution)
            activation = last.output(execution)
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
protocol ShuffleBlockV2: Module {
    /// The two halves before the last activation.
    func halves(_ input: Tensor, _ execution: any LayerExecution) -> ShuffleHalves
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
    func output(_ execution: any LayerExecution) -> Tensor {
        execution.shuffle(
            Tensor.concatenate([done, open.relu()], dimension: 1), groups: 2)
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
        conv1 = .pointwise(half, half, generator: generator)
        bn1 = BatchNorm2d(half)
        conv2 = .depthwise(half, stride: 1, generator: generator)
        bn2 = BatchNorm2d(half)
        conv3 = .pointwise(half, half, generator: generator)
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
        conv1 = .depthwise(inChannels, stride: 2, generator: generator)
        bn1 = BatchNorm2d(inChannels)
        conv2 = .pointwise(inChannels, half, generator: generator)
        bn2 = BatchNorm2d(half)
        conv3 = .pointwise(inChannels, half, generator: generator)
        bn3 = BatchNorm2d(half)
        conv4 = .depthwise(half, stride: 2, generator: generator)
        bn4 = BatchNorm2d(half)
        conv5 = .pointwise(half, half, generator: generator)
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
