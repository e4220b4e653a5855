import Torch
import TorchNN

/// Wide residual networks for 32×32 images: batch norm and ReLU come before each convolution.
///
/// Stage widths are 16, 32, 64 times the widening factor behind a stem of 16; strides are 1, 2, 2.
/// A stage's output is its raw sum; its pre-activation is the batch norm that comes next.
///
/// Reference: Zagoruyko and Komodakis, *Wide Residual Networks*, BMVC 2016,
/// <https://arxiv.org/abs/1605.07146>, table 1.
public final class WideResNet: Backbone {
    let conv1: Conv2d
    let block1: WideStage
    let block2: WideStage
    let block3: WideStage
    let bn1: BatchNorm2d
    let fc: Linear

    /// The three stages' widths and strides.
    public let stageInfo: [StageInfo]

    /// The width of the deepest stage.
    public var pooledChannels: Int { stageInfo[2].channels }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - depth: 6n + 4 for n blocks per stage.
    ///   - widening: the factor on the stages' widths.
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Precondition: `depth` is 6n + 4 with n of at least 1.
    public init(depth: Int, widening: Int, classCount: Int, generator: Generator) {
        precondition(depth >= 10 && depth % 6 == 4, "WideResNet: depth \(depth) is not 6n + 4")
        let widths = [16, 16 * widening, 32 * widening, 64 * widening]
        func stage(_ index: Int) -> WideStage {
            WideStage(
                widths[index - 1], widths[index], stride: index == 1 ? 1 : 2,
                count: (depth - 4) / 6, generator: generator)
        }
        conv1 = Conv2d(3, 16, kernelSize: 3, padding: 1, bias: false, generator: generator)
        block1 = stage(1)
        block2 = stage(2)
        block3 = stage(3)
        bn1 = BatchNorm2d(widths[3])
        fc = Linear(widths[3], classCount, generator: generator)
        stageInfo = zip(widths.dropFirst(), [1, 2, 4]).map {
            StageInfo(channels: $0, reduction: $1)
        }
        withoutGrad {
            for entry in parameters() where entry.tensor.rank == 4 {
                entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
            _ = fc.bias?.fillZero()
        }
    }

    /// The batch norms behind the stages, of which the first two open the next stage.
    public var stageNorms: [BatchNorm2d]? { [block2.layer[0].bn1, block3.layer[0].bn1, bn1] }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = execution.convolve(execution.prepare(images), conv1)
        var output = block1(stem, activated: nil, execution)
        var stages = [output]
        var preactivations: [Tensor] = []
        for stage in [block2, block3] {
            let end = execution.finish { relu in
                execution.normalize(output, stage.layer[0].bn1, relu: relu)
            }
            preactivations += end.preactivation.map { [$0] } ?? []
            output = stage(output, activated: end.output, execution)
            stages.append(output)
        }
        let end = execution.finish { execution.normalize(output, bn1, relu: $0) }
        preactivations += end.preactivation.map { [$0] } ?? []
        let pooled = end.output.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: stages, preactivations: preactivations, pooled: pooled,
            logits: execution.classify(pooled: pooled, fc))
    }
}

/// Blocks of one width.
final class WideStage: Module {
    let layer: [WideBlock]

    init(
        _ inChannels: Int, _ outChannels: Int, stride: Int, count: Int, generator: Generator
    ) {
        layer = (0..<count).map { block in
            WideBlock(
                block == 0 ? inChannels : outChannels, outChannels,
                stride: block == 0 ? stride : 1, generator: generator)
        }
    }

    /// The raw sum of the last block.
    ///
    /// - Parameters:
    ///   - input: the stage before.
    ///   - activated: the same behind the first block's batch norm and ReLU, where it is known.
    ///   - execution: how the layers are carried out.
    /// - Returns: the stage's output.
    func callAsFunction(
        _ input: Tensor, activated: Tensor?, _ execution: any LayerExecution
    ) -> Tensor {
        let first = layer[0](input, activated: activated, execution)
        return layer.dropFirst().reduce(first) { $1($0, activated: nil, execution) }
    }
}

/// Two 3×3 convolutions, each behind batch norm and ReLU, beside a shortcut.
final class WideBlock: Module {
    let bn1: BatchNorm2d
    let conv1: Conv2d
    let bn2: BatchNorm2d
    let conv2: Conv2d
    let convShortcut: Conv2d?

    let stateDictKeys = ["convShortcut": "convShortcut"]

    init(_ inChannels: Int, _ outChannels: Int, stride: Int, generator: Generator) {
        bn1 = BatchNorm2d(inChannels)
        conv1 = Conv2d(
            inChannels, outChannels, kernelSize: 3, stride: stride, padding: 1, bias: false,
            generator: generator)
        bn2 = BatchNorm2d(outChannels)
        conv2 = Conv2d(
            outChannels, outChannels, kernelSize: 3, padding: 1, bias: false,
            generator: generator)
        convShortcut =
            inChannels == outChannels
            ? nil
            : Conv2d(
                inChannels, outChannels, kernelSize: 1, stride: stride, bias: false,
                generator: generator)
    }

    /// The raw sum; a shortcut that changes the width takes the activated input, as published.
    func callAsFunction(
        _ input: Tensor, activated: Tensor?, _ execution: any LayerExecution
    ) -> Tensor {
        let activated = activated ?? execution.normalize(input, bn1, relu: true)
        let inner = execution.convolve(activated, conv1, bn2, relu: true)
        let carried = convShortcut.map { execution.convolve(activated, $0) } ?? input
        return execution.convolve(inner, conv2, adding: carried)
    }
}
