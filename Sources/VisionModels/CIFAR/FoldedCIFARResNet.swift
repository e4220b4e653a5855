import Torch
import TorchNN

/// A convolution with the batch norm behind it folded into weight and bias.
///
/// `γ (W x − μ) / √(σ² + ε) + β` is a convolution again, with weight `W γ / √(σ² + ε)`.
struct FoldedConvolution {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int
    private let packed: PackedConvolution?

    init(_ convolution: Conv2d, _ norm: BatchNorm2d, dtype: DType) {
        (weight, bias) = withoutGrad {
            let scale = norm.weight / (norm.runningVar + norm.epsilon).sqrt()
            let weight = convolution.weight * scale.reshape([-1, 1, 1, 1])
            let bias = norm.bias - norm.runningMean * scale
            return (weight.to(dtype).contiguous(.channelsLast), bias.to(dtype))
        }
        stride = convolution.stride
        padding = convolution.padding
        packed =
            dtype == .bfloat16 && stride == 1 && padding == 1
            ? PackedConvolution(weight: weight) : nil
    }

    /// Convolution and bias, an optional addition, an optional ReLU.
    func callAsFunction(_ input: Tensor, adding addend: Tensor? = nil, relu: Bool) -> Tensor {
        if let packed, packed.takes(input) {
            return packed(input, bias: bias, addend: addend, relu: relu)
        }
        guard input.device == .cpu, input.dtype != .float64 else {
            let linear = input.conv2d(weight: weight, bias: bias, stride: stride, padding: padding)
            let sum = addend.map { linear + $0 } ?? linear
            return relu ? sum.relu() : sum
        }
        return fusedConvolution(
            input, weight: weight, bias: bias, addend: addend, stride: stride, padding: padding,
            relu: relu)
    }
}

struct FoldedBlock {
    private let first: FoldedConvolution
    private let second: FoldedConvolution
    private let shortcut: FoldedConvolution?

    init(_ block: BasicBlock, dtype: DType) {
        first = FoldedConvolution(block.conv1, block.bn1, dtype: dtype)
        second = FoldedConvolution(block.conv2, block.bn2, dtype: dtype)
        if let convolution = block.downsample.first as? Conv2d,
            let norm = block.downsample.last as? BatchNorm2d
        {
            shortcut = FoldedConvolution(convolution, norm, dtype: dtype)
        } else {
            shortcut = nil
        }
    }

    func callAsFunction(_ input: Tensor, relu: Bool) -> Tensor {
        let carried = shortcut.map { $0(input, relu: false) } ?? input
        return second(first(input, relu: true), adding: carried, relu: relu)
    }
}

/// A `CIFARResNet` for inference alone.
final class FoldedCIFARResNet: FeatureExtractor {
    private let stem: FoldedConvolution
    private let stages: [[FoldedBlock]]
    private let weight: Tensor
    private let bias: Tensor?
    private let dtype: DType

    init(stem: FoldedConvolution, stages: [[FoldedBlock]], classifier: Linear, dtype: DType) {
        self.stem = stem
        self.stages = stages
        self.dtype = dtype
        weight = classifier.weight.detach().clone().to(dtype)
        bias = classifier.bias?.detach().clone().to(dtype)
    }

    func features(_ images: Tensor) -> FeaturePyramid {
        let stem = stem(images.to(dtype).contiguous(.channelsLast), relu: true)
        var activation = stem
        var outputs: [Tensor] = []
        var preactivations: [Tensor] = []
        for stage in stages {
            for block in stage.dropLast() { activation = block(activation, relu: true) }
            let sum = stage[stage.count - 1](activation, relu: false)
            activation = sum.relu()
            preactivations.append(sum)
            outputs.append(activation)
        }
        let pooled = activation.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: outputs, preactivations: preactivations, pooled: pooled,
            logits: pooled.flatten(from: 1).linear(weight: weight, bias: bias))
    }
}
