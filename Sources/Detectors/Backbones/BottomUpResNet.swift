import Torch
import TorchNN
import VisionModels

/// A residual network as detectors have it: stride 2 in the first 1×1 convolution of a bottleneck block.
///
/// Names are detectron2's: the norm is part of its convolution (`res2.0.conv1.norm.weight`). Weights that
/// torchvision trained have the stride in the 3×3 convolution instead, which `strideIn1x1` tells.
///
/// Reference: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, table 1; detectron2,
/// `modeling/backbone/resnet.py`.
public final class BottomUpResNet: BottomUp {
    let stem: Stem
    let res2: [ResidualBlock]
    let res3: [ResidualBlock]
    let res4: [ResidualBlock]
    let res5: [ResidualBlock]

    /// The widths and strides of the four stages.
    public let stageInfo: [StageInfo]

    /// A 7×7 convolution with stride 2.
    final class Stem: Module {
        let conv1: Conv2d
        let norm: any ChannelNorm
        let stateDictKeys = ["norm": "conv1.norm"]

        init(norm: BottomUpNorm, generator: Generator) {
            conv1 = Conv2d(
                3, 64, kernelSize: 7, stride: 2, padding: 3, bias: false, generator: generator)
            self.norm = norm.make(64)
        }
    }

    /// Makes a network with fresh weights: normal, as wide as keeps the variance on the way back.
    ///
    /// - Parameters:
    ///   - counts: how many blocks each of the four stages has.
    ///   - bottleneck: whether a block is 1×1, 3×3, 1×1, four times as wide; else two 3×3.
    ///   - norm: what the norms do.
    ///   - frozenParts: how many of the stem and the stages do not learn.
    ///   - strideIn1x1: whether a bottleneck block has its stride in the first 1×1 convolution.
    ///   - generator: the source of the initial weights.
    /// - Precondition: there are four counts.
    public init(
        counts: [Int], bottleneck: Bool, norm: BottomUpNorm = .frozen, frozenParts: Int = 2,
        strideIn1x1: Bool = true, generator: Generator
    ) {
        precondition(counts.count == 4, "BottomUpResNet: \(counts.count) stages, expected 4")
        let form = ResidualBlock.Form(
            normKey: { "conv\($0).norm" }, shortcutKeys: ("shortcut", "shortcut.norm"),
            hasStrideInFirst: strideIn1x1, makeNorm: norm.make)
        let widths = [64, 128, 256, 512]
        let expansion = bottleneck ? 4 : 1
        var channels = 64
        stem = Stem(norm: norm, generator: generator)
        let stages = zip(counts, widths).enumerated().map { index, stage in
            (0..<stage.0).map { block in
                let made = ResidualBlock(
                    channels, stage.1, stride: block == 0 && index > 0 ? 2 : 1,
                    bottleneck: bottleneck, form: form, generator: generator)
                channels = stage.1 * expansion
                return made
            }
        }
        res2 = stages[0]
        res3 = stages[1]
        res4 = stages[2]
        res5 = stages[3]
        stageInfo = zip(widths, [4, 8, 16, 32]).map {
            StageInfo(channels: $0 * expansion, reduction: $1)
        }
        withoutGrad {
            for entry in parameters() where entry.tensor.rank == 4 {
                entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
        }
        let parts = [[stem] as [any Module]] + stages
        for part in parts.prefix(frozenParts).joined() { part.setRequiresGrad(false) }
    }

    /// The outputs of the stem and of the four stages, after activation.
    public func stages(
        of images: Tensor, by execution: any LayerExecution
    ) -> (stem: Tensor, stages: [Tensor]) {
        let first = execution.convolve(
            execution.prepare(images), stem.conv1, stem.norm, relu: true)
        var activation = first.maxPool(3, stride: 2, padding: 1)
        var outputs: [Tensor] = []
        for blocks in [res2, res3, res4, res5] {
            for block in blocks { activation = block(activation, relu: true, execution) }
            outputs.append(activation)
        }
        return (first, outputs)
    }
}
