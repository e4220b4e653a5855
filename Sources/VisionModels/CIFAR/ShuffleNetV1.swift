import Torch
import TorchNN

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
        conv1 = .pointwise(3, 24, generator: generator)
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
        conv1 = .pointwise(
            inChannels, inner, groups: inChannels == 24 ? 1 : 3, generator: generator)
        bn1 = BatchNorm2d(inner)
        conv2 = .depthwise(inner, stride: stride, generator: generator)
        bn2 = BatchNorm2d(inner)
        conv3 = .pointwise(inner, outChannels, groups: 3, generator: generator)
        bn3 = BatchNorm2d(outChannels)
        self.stride = stride
    }

    /// The block, before or after its last activation.
    func callAsFunction(
        _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor {
        let squeezed = execution.convolve(input, conv1, bn1, relu: true)
        let inner = execution.convolve(
            execution.shuffle(squeezed, groups: conv1.groups), conv2, bn2, relu: true)
        guard stride == 2 else {
            return execution.convolve(inner, conv3, bn3, adding: input, relu: relu)
        }
        let carried = input.averagePool(3, stride: 2, padding: 1)
        let joined = Tensor.concatenate(
            [execution.convolve(inner, conv3, bn3), carried], dimension: 1)
        return relu ? joined.relu() : joined
    }
}
