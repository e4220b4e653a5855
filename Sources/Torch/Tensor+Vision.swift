extension Tensor {
    /// Two-dimensional convolution.
    ///
    /// Shapes: input `[N, C, H, W]`, weight `[O, C / groups, k, k]`, bias `[O]`, result
    /// `[N, O, H', W']`.
    public func conv2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1
    ) -> Tensor {
        if isTooNarrow(for: weight, stride: stride) {
            return withAutocast(nil, on: .cpu) {
                to(.float32).conv2d(
                    weight: weight.to(.float32), bias: bias?.to(.float32), stride: stride,
                    padding: padding, dilation: dilation, groups: groups
                ).to(.bfloat16)
            }
        }
        return ATen.conv2d.call(
            .tensor(self), .tensor(weight), .tensor(bias), .ints([stride, stride]),
            .ints([padding, padding]), .ints([dilation, dilation]), .int(groups))
    }

    /// Whether oneDNN would return wrong numbers: its strided convolutions on AMX do so for maps that are
    /// narrower than the kernel (LibTorch 2.13, findings/torch-amx-narrow-maps.sh).
    func isTooNarrow(for weight: Tensor, stride: Int) -> Bool {
        stride > 1 && dtype == .bfloat16 && device == .cpu && rank == 4 && weight.rank == 4
            && size(3) < weight.size(3) && Processor.current.oneDNNUsesAMX
    }

    /// Two-dimensional transposed convolution, which enlarges the map.
    ///
    /// Shapes: input `[N, C, H, W]`, weight `[C, O, k, k]`, bias `[O]`, result `[N, O, H', W']`.
    public func convTranspose2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0
    ) -> Tensor {
        ATen.convTranspose2d.call(
            .tensor(self), .tensor(weight), .tensor(bias), .ints([stride, stride]),
            .ints([padding, padding]), .ints([0, 0]), .int(1), .ints([1, 1]))
    }

    /// Batch normalisation over all but the second dimension.
    ///
    /// - Parameters:
    ///   - weight: the scale, `[C]`.
    ///   - bias: the shift, `[C]`.
    ///   - runningMean: `[C]`, updated in place when training.
    ///   - runningVar: `[C]`, updated in place when training.
    ///   - training: whether the batch's own statistics are used.
    ///   - momentum: the batch's share in the running statistics, as in PyTorch.
    ///   - epsilon: added to the variance.
    /// - Returns: a tensor of the same shape.
    public func batchNorm(
        weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVar: Tensor?, training: Bool,
        momentum: Double, epsilon: Double
    ) -> Tensor {
        ATen.batchNorm.call(
            .tensor(self), .tensor(weight), .tensor(bias), .tensor(runningMean),
            .tensor(runningVar), .bool(training), .double(momentum), .double(epsilon), .bool(true))
    }

    /// `x · weightᵀ + bias` for rows `x`.
    ///
    /// Shapes: input `[N, in]`, weight `[out, in]`, bias `[out]`, result `[N, out]`.
    public func linear(weight: Tensor, bias: Tensor?) -> Tensor {
        ATen.linear.call(.tensor(self), .tensor(weight), .tensor(bias))
    }

    /// Averages over `size × size` bins that cover the map, `[N, C, H, W]` to `[N, C, size, size]`.
    public func adaptiveAveragePool(_ size: Int) -> Tensor {
        size == 1
            ? mean([2, 3], keepDimensions: true)
            : ATen.adaptiveAvgPool2d.call(.tensor(self), .ints([size, size]))
    }

    /// Averages over windows, zeros of the padding included, `[N, C, H, W]` to `[N, C, H', W']`.
    public func averagePool(_ kernelSize: Int, stride: Int, padding: Int = 0) -> Tensor {
        ATen.avgPool2d.call(
            .tensor(self), .ints([kernelSize, kernelSize]), .ints([stride, stride]),
            .ints([padding, padding]), .bool(false), .bool(true), .none)
    }

    /// The largest of each window, `[N, C, H, W]` to `[N, C, H', W']`.
    public func maxPool(_ kernelSize: Int, stride: Int, padding: Int = 0) -> Tensor {
        ATen.maxPool2d.call(
            .tensor(self), .ints([kernelSize, kernelSize]), .ints([stride, stride]),
            .ints([padding, padding]), .ints([1, 1]), .bool(false))
    }

    /// The gradient of `adaptiveAveragePool` for its input.
    ///
    /// - Parameter input: the map that was pooled; only its shape matters.
    /// - Returns: a gradient of its shape.
    public func adaptiveAveragePoolBackward(input: Tensor) -> Tensor {
        ATen.adaptiveAvgPool2dBackward.call(.tensor(self), .tensor(input))
    }

    /// Nearest-neighbour resizing of `[N, C, H, W]` to `[N, C, height, width]`.
    public func resizedNearest(height: Int, width: Int) -> Tensor {
        if size(2) == height, size(3) == width { return self }
        return ATen.upsampleNearest2d.call(
            .tensor(self), .ints([height, width]), .none, .none)
    }

    /// The softmax along a dimension.
    public func softmax(_ dimension: Int) -> Tensor {
        ATen.softmax.call(.tensor(self), .int(dimension), .none)
    }

    /// The logarithm of the softmax along a dimension.
    public func logSoftmax(_ dimension: Int) -> Tensor {
        ATen.logSoftmax.call(.tensor(self), .int(dimension), .none)
    }

    /// The mean cross entropy of logits `[N, classes]` against int64 targets `[N]`.
    ///
    /// - Parameters:
    ///   - targets: the classes.
    ///   - labelSmoothing: the share of a target that is spread evenly over all classes.
    /// - Returns: a scalar.
    public func crossEntropy(_ targets: Tensor, labelSmoothing: Double = 0) -> Tensor {
        ATen.crossEntropy.call(
            .tensor(self), .tensor(targets), .none, .int(1), .int(-100), .double(labelSmoothing))
    }

    /// The cross entropy of each logit against the probability of its being true.
    ///
    /// - Parameter targets: probabilities, of this shape and type.
    /// - Returns: −t log σ(x) − (1 − t) log(1 − σ(x)) of every element.
    public func binaryCrossEntropies(_ targets: Tensor) -> Tensor {
        ATen.binaryCrossEntropy.call(.tensor(self), .tensor(targets), .none, .none, .int(0))
    }

    /// d² / 2β where the difference d from another tensor is below β, else |d| − β / 2; |d| where β is 0.
    ///
    /// - Parameters:
    ///   - other: of this shape and type.
    ///   - beta: where the parabola ends.
    /// - Returns: a tensor of this shape.
    public func smoothL1Distances(_ other: Tensor, beta: Double) -> Tensor {
        ATen.smoothL1Loss.call(.tensor(self), .tensor(other), .int(0), .double(beta))
    }

    /// The mean of ½ d² where the difference d from another tensor is below 1, else |d| − ½.
    public func smoothL1(_ other: Tensor) -> Tensor {
        smoothL1Distances(other, beta: 1).mean()
    }

    /// The mean of the squared differences from another tensor.
    public func meanSquaredError(_ other: Tensor) -> Tensor {
        ATen.mseLoss.call(.tensor(self), .tensor(other), .int(0)).mean()
    }
}

/// Updates parameters in place by one step of stochastic gradient descent, all in one call.
///
/// - Parameters:
///   - parameters: the weights, of one type and device.
///   - gradients: one gradient per parameter.
///   - momenta: one momentum buffer per parameter; none without momentum.
///   - learningRate: the step's length.
///   - momentum: the share of the former buffer.
///   - weightDecay: added to the gradient, times the parameter.
///   - nesterov: whether the step looks ahead.
///   - isFirstStep: whether the buffers hold nothing yet.
public func fusedSGD(
    parameters: [Tensor], gradients: [Tensor], momenta: [Tensor], learningRate: Double,
    momentum: Double, weightDecay: Double, nesterov: Bool, isFirstStep: Bool
) {
    ATen.fusedSGD.perform(
        .tensors(parameters), .tensors(gradients), .tensors(momenta), .double(weightDecay),
        .double(momentum), .double(learningRate), .double(0), .bool(nesterov), .bool(false),
        .bool(isFirstStep), .none, .none)
}

/// The same with a step length that lies on the device, and that may be 0 on the device's own word.
///
/// - Parameters:
///   - parameters: the weights, float32 and of one device.
///   - gradients: one gradient per parameter.
///   - momenta: one momentum buffer per parameter, which holds the former steps; none without momentum.
///   - learningRate: the step's length, float32 `[1]`.
///   - momentum: the share of the former buffer.
///   - weightDecay: added to the gradient, times the parameter.
///   - nesterov: whether the step looks ahead.
///   - skips: float32 `[1]`; where it is 1 nothing is changed.
public func fusedSGD(
    parameters: [Tensor], gradients: [Tensor], momenta: [Tensor], learningRate: Tensor,
    momentum: Double, weightDecay: Double, nesterov: Bool, skips: Tensor
) {
    ATen.fusedSGDTensorRate.perform(
        .tensors(parameters), .tensors(gradients), .tensors(momenta), .double(weightDecay),
        .double(momentum), .tensor(learningRate), .double(0), .bool(nesterov), .bool(false),
        .bool(false), .none, .tensor(skips))
}

/// A convolution with bias, an optional addition and ReLU in one oneDNN primitive (CPU inference).
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - weight: `[O, C / groups, k, k]`, in the type of `input`.
///   - bias: `[O]`.
///   - addend: added before the activation, `[N, O, H', W']`.
///   - stride: the stride.
///   - padding: the padding on each side.
///   - groups: how many parts the channels fall into.
///   - relu: whether ReLU follows.
/// - Returns: `[N, O, H', W']`.
public func oneDNNConvolution(
    _ input: Tensor, weight: Tensor, bias: Tensor, addend: Tensor? = nil, stride: Int,
    padding: Int, groups: Int = 1, relu: Bool
) -> Tensor {
    if input.isTooNarrow(for: weight, stride: stride) {
        let linear = input.conv2d(
            weight: weight, bias: bias, stride: stride, padding: padding, groups: groups)
        let sum = addend.map { linear + $0 } ?? linear
        return relu ? sum.relu() : sum
    }
    let shared: [OperatorArgument] = [
        .tensor(weight), .tensor(bias), .ints([padding, padding]), .ints([stride, stride]),
        .ints([1, 1]), .int(groups),
    ]
    guard let addend else {
        return ATen.convolutionPointwise.callList(
            [.tensor(input)] + shared
                + [.string(relu ? "relu" : "none"), .scalars([]), .none])
    }
    return ATen.convolutionPointwiseBinary.callList(
        [.tensor(input), .tensor(addend)] + shared
            + [
                .string("add"), .double(1), relu ? .string("relu") : .none, .scalars([]),
                .none,
            ])
}
