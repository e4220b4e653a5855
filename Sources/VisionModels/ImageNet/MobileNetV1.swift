import Torch
import TorchNN

/// MobileNet for 224×224 images: a 3×3 stem, then thirteen depthwise convolutions, each with a 1×1 behind it.
///
/// The stages are the outputs of the third, fifth, eleventh and last pair, as the authors of ReviewKD have
/// them: the deepest map of each size but the first. The names in the state dict are those of their code.
///
/// Reference: Howard et al., *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
/// Applications*, 2017, <https://arxiv.org/abs/1704.04861>, table 1.
public final class MobileNetV1: Backbone {
    let model: [[any Layer]]
    let fc: Linear

    /// The widths and strides of the four stages.
    public let stageInfo: [StageInfo]

    /// The width of the last pair.
    public var pooledChannels: Int { 1024 }

    /// The width and the stride of each pair.
    private static let pairs: [(channels: Int, stride: Int)] =
        [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
        + Array(repeating: (512, 1), count: 5) + [(1024, 2), (1024, 1)]

    /// The places in `model` whose outputs are stages.
    private static let tapped = [3, 5, 11, 13]

    /// Makes a network with fresh weights, PyTorch's default as in the authors' code.
    ///
    /// - Parameters:
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    public init(classCount: Int, generator: Generator) {
        func convolution(
            _ from: Int, _ to: Int, kernelSize: Int, stride: Int = 1, groups: Int = 1
        ) -> [any Layer] {
            [
                Conv2d(
                    from, to, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2,
                    groups: groups, bias: false, generator: generator),
                BatchNorm2d(to), ReLU(),
            ]
        }
        var channels = 32
        var reductions = [2]
        model =
            [convolution(3, channels, kernelSize: 3, stride: 2)]
            + Self.pairs.map { pair in
                let depthwise = convolution(
                    channels, channels, kernelSize: 3, stride: pair.stride, groups: channels)
                let pointwise = convolution(channels, pair.channels, kernelSize: 1)
                channels = pair.channels
                reductions.append(reductions[reductions.count - 1] * pair.stride)
                return depthwise + pointwise
            }
        fc = Linear(channels, classCount, generator: generator)
        stageInfo = Self.tapped.map {
            StageInfo(channels: Self.pairs[$0 - 1].channels, reduction: reductions[$0])
        }
    }

    /// The batch norm behind each stage's 1×1 convolution.
    public var stageNorms: [BatchNorm2d]? {
        Self.tapped.compactMap { convolutionUnits(of: model[$0]).last?.norm as? BatchNorm2d }
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        func run(_ layers: [any Layer], _ input: Tensor, relu: Bool = true) -> Tensor {
            let units = convolutionUnits(of: layers)
            return units.enumerated().reduce(input) { value, unit in
                execution.convolve(
                    value, unit.element.convolution, unit.element.norm,
                    relu: relu || unit.offset < units.count - 1)
            }
        }
        let stem = run(model[0], execution.prepare(images))
        var activation = stem
        var stages: [Tensor] = []
        var preactivations: [Tensor] = []
        for (index, layers) in model.enumerated().dropFirst() {
            guard Self.tapped.contains(index) else {
                activation = run(layers, activation)
                continue
            }
            let input = activation
            let end = execution.finish { run(layers, input, relu: $0) }
            activation = end.output
            stages.append(activation)
            preactivations += end.preactivation.map { [$0] } ?? []
        }
        let pooled = activation.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: stages, preactivations: preactivations, pooled: pooled,
            logits: execution.classify(pooled: pooled, fc))
    }
}
