import Torch

/// Two-dimensional convolution.
///
/// Shapes: `[N, inChannels, H, W]` to `[N, outChannels, H', W']`.
public final class Conv2d: Layer {
    /// `[outChannels, inChannels / groups, k, k]`.
    @Parameter public var weight: Tensor

    /// `[outChannels]`, where there is one.
    @Parameter public var bias: Tensor?

    /// The step between windows, in pixels.
    public let stride: Int

    /// Zeros on each side, in pixels.
    public let padding: Int

    /// How many parts the channels fall into.
    public let groups: Int

    /// Makes a convolution with PyTorch's default weights: uniform, from `kaiming_uniform(a: √5)`.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
        groups: Int = 1, bias: Bool = true, generator: Generator
    ) {
        let fanIn = inChannels / groups * kernelSize * kernelSize
        let bound = (1 / Double(fanIn)).squareRoot()
        weight = Tensor.empty([outChannels, inChannels / groups, kernelSize, kernelSize])
            .fillUniform(in: -bound..<bound, generator: generator)
        self.bias =
            bias
            ? Tensor.empty([outChannels]).fillUniform(in: -bound..<bound, generator: generator)
            : nil
        self.stride = stride
        self.padding = padding
        self.groups = groups
    }

    /// The convolution of `[N, inChannels, H, W]`.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        if let fused = fused(input) { return fused }
        return input.conv2d(
            weight: weight, bias: bias, stride: stride, padding: padding, groups: groups)
    }

    /// The convolution by weights that are scaled first, then a shift, an addition and ReLU.
    ///
    /// So a frozen batch norm costs no pass over the map: it is part of the weight.
    ///
    /// - Parameters:
    ///   - input: `[N, inChannels, H, W]`.
    ///   - scale: a factor for each output channel, `[outChannels]`; nil for 1.
    ///   - shift: a summand for each, `[outChannels]`; nil for this layer's own bias.
    ///   - addend: added before ReLU, `[N, outChannels, H', W']`.
    ///   - relu: whether ReLU comes last.
    /// - Returns: `[N, outChannels, H', W']`.
    /// - Precondition: a layer with a bias has no scale.
    public func callAsFunction(
        _ input: Tensor, scale: Tensor? = nil, shift: Tensor? = nil, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        precondition(bias == nil || scale == nil, "Conv2d: a scale beside a bias")
        let scaled = scale.map { weight * $0.reshape([-1, 1, 1, 1]) } ?? weight
        if groups == 1, let summand = shift ?? bias,
            let unit = fusedConvolutionUnit(
                input, weight: scaled, bias: summand, addend: addend, relu: relu, stride: stride,
                padding: padding)
        {
            return unit
        }
        let linear =
            scale == nil && shift == nil
            ? self(input)
            : input.conv2d(
                weight: scaled, bias: shift ?? bias, stride: stride, padding: padding,
                groups: groups)
        let sum = addend.map { linear + $0 } ?? linear
        return relu ? sum.relu() : sum
    }

    /// The convolution by a kernel of our own, where one knows it.
    private func fused(_ input: Tensor) -> Tensor? {
        guard bias == nil else { return nil }
        let isThree = padding == 1 && weight.size(2) == 3 && weight.size(3) == 3
        if groups == 1 {
            return fusedConvolution(input, weight: weight, stride: stride, padding: padding)
        }
        guard isThree, groups == weight.size(0), weight.size(1) == 1 else { return nil }
        return fusedDepthwiseConvolution3x3(input, weight: weight, stride: stride)
    }
}

/// Two-dimensional transposed convolution.
///
/// Shapes: `[N, inChannels, H, W]` to `[N, outChannels, H', W']`.
public final class ConvTranspose2d: Layer {
    /// `[inChannels, outChannels, k, k]`.
    @Parameter public var weight: Tensor

    /// `[outChannels]`.
    @Parameter public var bias: Tensor

    /// How far apart the windows of neighbouring input pixels lie.
    public let stride: Int

    /// How many pixels are cut off each side.
    public let padding: Int

    /// Makes a layer with PyTorch's default weights: uniform, from `kaiming_uniform(a: √5)`.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
        generator: Generator
    ) {
        let bound = (1 / Double(outChannels * kernelSize * kernelSize)).squareRoot()
        weight = Tensor.empty([inChannels, outChannels, kernelSize, kernelSize])
            .fillUniform(in: -bound..<bound, generator: generator)
        bias = Tensor.empty([outChannels])
            .fillUniform(in: -bound..<bound, generator: generator)
        self.stride = stride
        self.padding = padding
    }

    /// The transposed convolution of `[N, inChannels, H, W]`.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        input.convTranspose2d(weight: weight, bias: bias, stride: stride, padding: padding)
    }
}

/// Batch normalisation of feature maps.
///
/// Shapes: `[N, channels, H, W]` to the same.
///
/// Reference: Ioffe and Szegedy, *Batch Normalization*, ICML 2015, algorithm 1; the running variance
/// is the unbiased one, as in PyTorch. One value per channel has no statistics: in training mode one image
/// of one pixel, which PyTorch refuses, becomes the shift β, and the running statistics stay.
public final class BatchNorm2d: Layer, ModeDependent, NormalizationLayer {
    /// The scale γ, `[channels]`.
    @Parameter public var weight: Tensor

    /// The shift β, `[channels]`.
    @Parameter public var bias: Tensor

    /// The running mean, `[channels]`.
    @Buffer public var runningMean: Tensor

    /// The running variance, `[channels]`.
    @Buffer public var runningVar: Tensor

    /// How many batches the running statistics have seen, an int64 scalar.
    @Buffer public var numBatchesTracked: Tensor

    /// Whether the batch's own statistics are used and tracked.
    public var training = true

    /// The batch's share in the running statistics.
    public let momentum: Double

    /// Added to the variance.
    public let epsilon: Double

    /// Whose images the statistics in training are of beside this process's own; nil for its own alone.
    var shared: SharedStatistics?

    /// Makes a batch norm with scale 1 and shift 0.
    public init(_ channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5) {
        weight = Tensor.ones([channels])
        bias = Tensor.zeros([channels])
        runningMean = Tensor.zeros([channels])
        runningVar = Tensor.ones([channels])
        numBatchesTracked = Tensor.zeros([], dtype: .int64)
        self.momentum = momentum
        self.epsilon = epsilon
    }

    /// Normalises, adds and activates, in as few passes over memory as can be.
    ///
    /// - Parameters:
    ///   - input: `[N, channels, H, W]`.
    ///   - addend: added behind the normalisation, of the same shape.
    ///   - relu: whether ReLU comes last.
    /// - Returns: a tensor of the same shape.
    public func callAsFunction(
        _ input: Tensor, adding addend: Tensor? = nil, relu: Bool
    ) -> Tensor {
        if training, let shared, let counts = shared.counts {
            let norm = SharedBatchNorm(
                weight: weight, bias: bias, runningMean: runningMean, runningVar: runningVar,
                numBatchesTracked: numBatchesTracked, momentum: momentum, epsilon: epsilon)
            let normal = norm(input, over: shared.processes, counts: counts)
            let sum = addend.map { normal + $0 } ?? normal
            return relu ? sum.relu() : sum
        }
        let isSingle = input.size(0) * input.size(2) * input.size(3) == 1
        if training, !isSingle {
            withoutGrad { _ = numBatchesTracked.add(BatchNorm2d.one) }
            let state = BatchNormState(
                weight: weight, bias: bias, runningMean: runningMean, runningVar: runningVar,
                momentum: momentum, epsilon: epsilon)
            if let fused = fusedBatchNorm(input, state, adding: addend, relu: relu) {
                return fused
            }
        }
        let tracks = !(training && isSingle)
        let normal = input.batchNorm(
            weight: weight, bias: bias, runningMean: tracks ? runningMean : nil,
            runningVar: tracks ? runningVar : nil, training: training, momentum: momentum,
            epsilon: epsilon)
        let sum = addend.map { normal + $0 } ?? normal
        return relu ? sum.relu() : sum
    }

    private static let one = Tensor([Int64(1)], shape: [])
}

/// A fully connected layer.
///
/// Shapes: `[N, inFeatures]` to `[N, outFeatures]`.
public final class Linear: Layer {
    /// `[outFeatures, inFeatures]`.
    @Parameter public var weight: Tensor

    /// `[outFeatures]`.
    @Parameter public var bias: Tensor?

    /// Makes a layer with PyTorch's default weights: uniform, from `kaiming_uniform(a: √5)`.
    public init(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true, generator: Generator) {
        let bound = (1 / Double(inFeatures)).squareRoot()
        weight = Tensor.empty([outFeatures, inFeatures])
            .fillUniform(in: -bound..<bound, generator: generator)
        self.bias =
            bias
            ? Tensor.empty([outFeatures]).fillUniform(in: -bound..<bound, generator: generator)
            : nil
    }

    /// `input · weightᵀ + bias`.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        input.linear(weight: weight, bias: bias)
    }
}

/// The rectifier, where a sequence of layers has one.
public final class ReLU: Layer {
    /// Nothing to set.
    public init() {}

    /// `max(input, 0)`.
    public func callAsFunction(_ input: Tensor) -> Tensor { input.relu() }
}
