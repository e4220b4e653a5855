import Torch
import TorchNN
import VisionModels

/// Two convolutions with batch norm, the smallest network that can be a student or a teacher.
public final class TinyNet: Backbone {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let fc: Linear

    /// One stage of half the size.
    public let stageInfo = [
        StageInfo(channels: 16, reduction: 1), StageInfo(channels: 32, reduction: 2),
    ]

    /// The width of the deepest stage.
    public var pooledChannels: Int { 32 }

    /// Makes a network with fresh weights.
    public init(classCount: Int, generator: Generator) {
        conv1 = Conv2d(3, 16, kernelSize: 3, padding: 1, bias: false, generator: generator)
        bn1 = BatchNorm2d(16)
        conv2 = Conv2d(
            16, 32, kernelSize: 3, stride: 2, padding: 1, bias: false, generator: generator)
        bn2 = BatchNorm2d(32)
        fc = Linear(32, classCount, generator: generator)
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let input = execution.prepare(images)
        let first = execution.finish { execution.convolve(input, conv1, bn1, relu: $0) }
        let second = execution.finish { execution.convolve(first.output, conv2, bn2, relu: $0) }
        let pooled = second.output.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: first.output, stages: [first.output, second.output],
            preactivations: [first, second].compactMap(\.preactivation), pooled: pooled,
            logits: execution.classify(pooled: pooled, fc))
    }
}
