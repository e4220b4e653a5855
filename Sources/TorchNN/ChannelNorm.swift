import Torch

/// A normalisation of each channel by a mean and a variance, then by a scale and a shift.
///
/// With the batch's statistics in training (`BatchNorm2d`), or fixed (`FrozenBatchNorm2d`). In evaluation
/// both are `weight · (x − runningMean) / √(runningVar + epsilon) + bias`.
public protocol ChannelNorm: Layer {
    /// The scale γ, `[channels]`.
    var weight: Tensor { get }

    /// The shift β, `[channels]`.
    var bias: Tensor { get }

    /// The mean in evaluation, `[channels]`.
    var runningMean: Tensor { get }

    /// The variance in evaluation, `[channels]`.
    var runningVar: Tensor { get }

    /// Added to the variance.
    var epsilon: Double { get }

    /// Normalises, adds and activates.
    ///
    /// - Parameters:
    ///   - input: `[N, channels, H, W]`.
    ///   - addend: added behind the normalisation, of the same shape.
    ///   - relu: whether ReLU comes last.
    /// - Returns: a tensor of the same shape.
    func callAsFunction(_ input: Tensor, adding addend: Tensor?, relu: Bool) -> Tensor
}

extension ChannelNorm {
    /// Normalises `[N, channels, H, W]`.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        self(input, adding: nil, relu: false)
    }

    /// The factor and the summand that the norm is in evaluation, `[channels]` each, without gradients.
    public var affine: (scale: Tensor, shift: Tensor) {
        withoutGrad {
            let scale = weight / (runningVar + epsilon).sqrt()
            return (scale, bias - runningMean * scale)
        }
    }
}

extension BatchNorm2d: ChannelNorm {}

/// A batch norm that learns nothing: scale, shift, mean and variance are buffers, also in training.
///
/// Detectors have it where they continue from a network trained on other images, since few pictures fit
/// into a step. A new one leaves its input as it is: the variance is 1 − epsilon.
///
/// Reference: detectron2, `layers/batch_norm.py`.
public final class FrozenBatchNorm2d: ChannelNorm {
    /// The scale γ, `[channels]`.
    @Buffer public var weight: Tensor

    /// The shift β, `[channels]`.
    @Buffer public var bias: Tensor

    /// The mean, `[channels]`.
    @Buffer public var runningMean: Tensor

    /// The variance, `[channels]`.
    @Buffer public var runningVar: Tensor

    /// Added to the variance.
    public let epsilon: Double

    /// Makes a norm that leaves its input as it is.
    public init(_ channels: Int, epsilon: Double = 1e-5) {
        weight = Tensor.ones([channels])
        bias = Tensor.zeros([channels])
        runningMean = Tensor.zeros([channels])
        runningVar = Tensor.full([channels], 1 - epsilon)
        self.epsilon = epsilon
    }

    /// Scales and shifts each channel, adds and activates.
    public func callAsFunction(
        _ input: Tensor, adding addend: Tensor?, relu: Bool
    ) -> Tensor {
        let (scale, shift) = affine
        let normal =
            input * scale.reshape([-1, 1, 1]).to(input.dtype)
            + shift.reshape([-1, 1, 1]).to(input.dtype)
        let sum = addend.map { normal + $0 } ?? normal
        return relu ? sum.relu() : sum
    }
}
