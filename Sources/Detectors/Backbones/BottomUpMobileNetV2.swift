import Torch
import TorchNN
import VisionModels

/// MobileNetV2 as the authors of ReviewKD have it in detectors: ReLU6, and stages at strides 4 to 32.
///
/// The stages are the outputs of the second, third, fifth and seventh group of blocks; they end without an
/// activation. The last 1×1 convolution and the classifier are left out.
///
/// Reference: Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, CVPR 2018, table 2;
/// ReviewKD, `Detection/model/backbone/mobilenetv2.py`.
public final class BottomUpMobileNetV2: BottomUp {
    let features: [any Module]

    /// The widths and strides of the four stages.
    public let stageInfo: [StageInfo]

    /// A convolution, its norm and an activation, under the keys of a sequence.
    final class ConvolutionUnit: Module {
        let convolution: Conv2d
        let norm: any ChannelNorm
        let stateDictKeys = ["convolution": "0", "norm": "1"]

        init(norm: BottomUpNorm, generator: Generator) {
            convolution = Conv2d(
                3, 32, kernelSize: 3, stride: 2, padding: 1, bias: false, generator: generator)
            self.norm = norm.make(32)
        }
    }

    /// The expansion, width, number and stride of each group of blocks.
    private static let shapes: [(expansion: Int, channels: Int, count: Int, stride: Int)] = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]

    /// The groups whose outputs are stages.
    private static let tapped = [1, 2, 4, 6]

    /// The places behind the last blocks of those groups in `features`.
    private static let ends = tapped.map { last in
        1 + shapes[...last].reduce(0) { $0 + $1.count }
    }

    /// Where the activations end.
    private static let ceiling = 6.0

    /// Makes a network with fresh weights: normal, as wide as keeps the variance on the way back.
    ///
    /// - Parameters:
    ///   - norm: what the norms do.
    ///   - frozenParts: how many of the stem and the stages do not learn.
    ///   - generator: the source of the initial weights.
    public init(norm: BottomUpNorm = .frozen, frozenParts: Int = 0, generator: Generator) {
        let form = InvertedResidual.Form(
            expandsByOne: false, ceiling: Self.ceiling, makeNorm: norm.make)
        let stem = ConvolutionUnit(norm: norm, generator: generator)
        var channels = 32
        var reduction = 2
        var infos: [StageInfo] = []
        let blocks = Self.shapes.flatMap { shape in
            let group: [any Module] = (0..<shape.count).map { index in
                let block = InvertedResidual(
                    channels, shape.channels, stride: index == 0 ? shape.stride : 1,
                    expansion: shape.expansion, form: form, generator: generator)
                channels = shape.channels
                return block
            }
            reduction *= shape.stride
            infos.append(StageInfo(channels: channels, reduction: reduction))
            return group
        }
        stageInfo = Self.tapped.map { infos[$0] }
        features = [stem] + blocks
        withoutGrad {
            for entry in parameters() where entry.tensor.rank == 4 {
                // Its authors count all output channels, also of the depthwise convolutions.
                entry.tensor.fillKaimingNormal(fan: .output, generator: generator)
            }
        }
        // A part is the stem, or the blocks up to the end of a stage.
        let count = frozenParts > 1 ? Self.ends[min(frozenParts, 5) - 2] : frozenParts
        for part in features.prefix(count) { part.setRequiresGrad(false) }
    }

    /// The outputs of the stem and of the four tapped groups.
    public func stages(
        of images: Tensor, by execution: any LayerExecution
    ) -> (stem: Tensor, stages: [Tensor]) {
        var output = execution.prepare(images)
        var outputs: [Tensor] = []
        for part in features {
            if let block = part as? InvertedResidual {
                output = block(output, execution)
            } else if let stem = part as? ConvolutionUnit {
                output = execution.convolve(
                    output, stem.convolution, stem.norm, reluUpTo: Self.ceiling)
            }
            outputs.append(output)
        }
        return (outputs[0], Self.ends.map { outputs[$0 - 1] })
    }
}
