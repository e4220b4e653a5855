import Torch
import TorchNN

/// A backbone for inference alone: a frozen copy with its batch norms folded.
final class FoldedNetwork: FeatureExtractor {
    private let network: any Backbone
    private let copies: LayerCopies

    var levels: [LevelInfo] { network.levels }

    /// Freezes a network as it is now.
    ///
    /// - Parameters:
    ///   - network: whose batch norms' running statistics count, whatever mode they are in.
    ///   - dtype: the type to compute in.
    init(_ network: any Backbone, dtype: DType) {
        self.network = network
        copies = LayerCopies(dtype: dtype)
        withoutGrad {
            // Its layers are met, and copied, in a pass of no account.
            let size = network.smallestImageSize
            let blank = Tensor.zeros([1, 3, size, size], dtype: dtype, device: network.device)
            _ = features(blank, keepsPreactivations: true)
        }
        copies.isComplete = true
    }

    func features(_ images: Tensor, keepsPreactivations: Bool) -> FeaturePyramid {
        network.features(
            images, by: FoldedLayers(copies, keepsPreactivations: keepsPreactivations))
    }
}

/// The layers' frozen copies, each made when it is first met.
package final class LayerCopies {
    fileprivate struct Weights {
        let weight: Tensor
        let bias: Tensor?

        init(_ weight: Tensor, _ bias: Tensor?, dtype: DType) {
            self.weight = weight.detach().clone().to(dtype)
            self.bias = bias?.detach().clone().to(dtype)
        }
    }

    /// The type that the copies compute in.
    package let dtype: DType

    fileprivate var convolutions: [ObjectIdentifier: FoldedConvolution] = [:]
    fileprivate var norms: [ObjectIdentifier: FrozenNorm] = [:]
    fileprivate var others: [ObjectIdentifier: Weights] = [:]

    /// Whether all layers have been met.
    package var isComplete = false

    /// Starts without copies.
    package init(dtype: DType) { self.dtype = dtype }

    fileprivate func copy<Copy>(
        of layer: AnyObject,
        in copies: ReferenceWritableKeyPath<LayerCopies, [ObjectIdentifier: Copy]>,
        make: () -> Copy
    ) -> Copy {
        if let known = self[keyPath: copies][ObjectIdentifier(layer)] { return known }
        precondition(!isComplete, "FoldedNetwork: a layer was met that the first pass did not use")
        let made = make()
        self[keyPath: copies][ObjectIdentifier(layer)] = made
        return made
    }
}

/// The frozen copies at work.
package final class FoldedLayers: LayerExecution {
    package let keepsPreactivations: Bool
    private let copies: LayerCopies

    /// Runs copies, and makes those of layers that were not met before.
    package init(_ copies: LayerCopies, keepsPreactivations: Bool) {
        self.copies = copies
        self.keepsPreactivations = keepsPreactivations
    }

    package func prepare(_ images: Tensor) -> Tensor {
        images.to(copies.dtype).contiguous(.channelsLast)
    }

    package func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        let folded = copies.copy(of: convolution, in: \.convolutions) {
            FoldedConvolution(convolution, norm, dtype: copies.dtype)
        }
        return folded(input, adding: addend, relu: relu)
    }

    package func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor {
        copies.copy(of: norm, in: \.norms) { FrozenNorm(norm) }(input, relu: relu)
    }

    package func enlarge(_ input: Tensor, _ layer: ConvTranspose2d, relu: Bool) -> Tensor {
        let frozen = copies.copy(of: layer, in: \.others) {
            LayerCopies.Weights(layer.weight, layer.bias, dtype: copies.dtype)
        }
        let output = input.convTranspose2d(
            weight: frozen.weight, bias: frozen.bias, stride: layer.stride, padding: layer.padding)
        return relu ? output.relu() : output
    }

    package func classify(_ input: Tensor, _ layer: Linear) -> Tensor {
        let frozen = copies.copy(of: layer, in: \.others) {
            LayerCopies.Weights(layer.weight, layer.bias, dtype: copies.dtype)
        }
        return input.linear(weight: frozen.weight, bias: frozen.bias)
    }
}

/// A convolution with the batch norm behind it folded into weight and bias.
///
/// `γ (W x + b − μ) / √(σ² + ε) + β` is a convolution again, with weight `W γ / √(σ² + ε)`.
private struct FoldedConvolution {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int
    private let groups: Int
    private let packed: PackedConvolution?

    init(_ convolution: Conv2d, _ norm: (any ChannelNorm)?, dtype: DType) {
        let own =
            convolution.bias
            ?? Tensor.zeros(
                [convolution.weight.size(0)], dtype: convolution.weight.dtype,
                device: convolution.weight.device)
        (weight, bias) = withoutGrad {
            guard let norm else {
                return (
                    convolution.weight.clone().to(dtype).contiguous(.channelsLast),
                    own.clone().to(dtype)
                )
            }
            let scale = norm.weight / (norm.runningVar + norm.epsilon).sqrt()
            let weight = convolution.weight * scale.reshape([-1, 1, 1, 1])
            let bias = norm.bias + (own - norm.runningMean) * scale
            return (weight.to(dtype).contiguous(.channelsLast), bias.to(dtype))
        }
        stride = convolution.stride
        padding = convolution.padding
        groups = convolution.groups
        packed =
            dtype == .bfloat16 && groups == 1
            ? PackedConvolution(
                weight: weight, stride: stride, padding: padding,
                kernels: Processor.current.convolution) : nil
    }

    func callAsFunction(_ input: Tensor, adding addend: Tensor?, relu: Bool) -> Tensor {
        if let packed, packed.takes(input) {
            return packed(input, bias: bias, addend: addend, relu: relu)
        }
        // oneDNN does not add to a grouped convolution in bfloat16, nor (LibTorch 2.11) to a single pixel.
        let isFusible = addend.map { groups == 1 && $0.size(2) * $0.size(3) > 1 } ?? true
        let isKnown =
            input.dtype == .bfloat16 ? Processor.fusesBFloat16 : input.dtype != .float64
        guard isFusible, isKnown, input.device == .cpu, input.count > 0 else {
            let linear = input.conv2d(
                weight: weight, bias: bias, stride: stride, padding: padding, groups: groups)
            let sum = addend.map { linear + $0 } ?? linear
            return relu ? sum.relu() : sum
        }
        return oneDNNConvolution(
            input, weight: weight, bias: bias, addend: addend, stride: stride, padding: padding,
            groups: groups, relu: relu)
    }
}

/// A batch norm with no convolution before it, as pre-activation networks have.
private struct FrozenNorm {
    private let weight: Tensor
    private let bias: Tensor
    private let mean: Tensor
    private let variance: Tensor
    private let epsilon: Double

    init(_ norm: BatchNorm2d) {
        func copy(_ tensor: Tensor) -> Tensor { tensor.detach().clone() }
        weight = copy(norm.weight)
        bias = copy(norm.bias)
        mean = copy(norm.runningMean)
        variance = copy(norm.runningVar)
        epsilon = norm.epsilon
    }

    func callAsFunction(_ input: Tensor, relu: Bool) -> Tensor {
        let normal = input.batchNorm(
            weight: weight, bias: bias, runningMean: mean, runningVar: variance, training: false,
            momentum: 0, epsilon: epsilon)
        return relu ? normal.relu() : normal
    }
}
