import CTorch

/// Convolution by kernels of our own, differentiable.
///
/// The weights' gradient of each shape is ours. So is the rest of a 3×3 kernel with stride 1, and on the matrix unit
/// that of a 3×3 kernel with stride 2 and the input's gradient of a 1×1 kernel with stride 2. What is left is
/// oneDNN's, as the input's gradient of few channels is.
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - weight: `[O, C, k, k]`, float32; it is rounded to bfloat16.
///   - stride: the step between windows, in pixels.
///   - padding: zeros on each side, in pixels.
///   - processor: whose kernels; it has what it says.
/// - Returns: `[N, O, H', W']`; nil, with nothing done, where our kernels do not take the input: they
///   want bfloat16, channels last, multiples of 16 channels, a kernel of 1×1 or of 3×3 with padding 1, a
///   stride of 1 or 2, and a processor with AVX512-BF16. Those for the matrix unit also take one to three channels
///   of the input with a kernel of 3×3.
public func fusedConvolution(
    _ input: Tensor, weight: Tensor, stride: Int, padding: Int, on processor: Processor = .current
) -> Tensor? {
    guard processor.convolution.takes(input, weight: weight, stride: stride, padding: padding)
    else { return nil }
    let kernels = processor.convolution
    return differentiableConvolution("fused_convolution", input, weight) {
        if let packed = PackedConvolution(
            weight: weight, stride: stride, padding: padding, kernels: kernels),
            packed.takes(input)
        {
            return packed(input, relu: false)
        }
        return input.conv2d(
            weight: weight.to(.bfloat16).contiguous(.channelsLast), stride: stride,
            padding: padding)
    } backward: { gradient, input, weight, wanted, forInput, forWeight in
        ct_conv_backward(
            gradient, input, weight, Int64(stride), wanted.input, wanted.weight, kernels.code,
            forInput, forWeight)
    }
}

/// Which gradients of a convolution are wanted.
public struct WantedGradients: Sendable {
    /// That of the input.
    public let input: Bool

    /// That of the weights.
    public let weight: Bool

    /// Says which.
    public init(input: Bool, weight: Bool) {
        self.input = input
        self.weight = weight
    }
}

/// The gradients of a convolution, by kernels of our own where `fusedConvolution` or `fusedDepthwiseConvolution3x3`
/// takes the input, else by LibTorch's.
///
/// - Parameters:
///   - gradient: that of the output, `[N, O, H', W']`.
///   - input: of the convolution, `[N, C, H, W]`.
///   - weight: of the convolution, `[O, C / groups, k, k]`, float32.
///   - stride: the step between windows, in pixels.
///   - padding: zeros on each side, in pixels.
///   - groups: into how many parts the channels fall.
///   - wanted: which.
///   - processor: whose kernels; it has what it says.
/// - Returns: those that are wanted, in the shapes of input and weight.
public func convolutionGradients(
    _ gradient: Tensor, input: Tensor, weight: Tensor, stride: Int, padding: Int,
    groups: Int = 1, wanted: WantedGradients, on processor: Processor = .current
) -> (input: Tensor?, weight: Tensor?) {
    func byOurs(
        _ backward: (UnsafeMutablePointer<ct_tensor?>, UnsafeMutablePointer<ct_tensor?>)
            -> ct_error?
    ) -> (Tensor?, Tensor?) {
        var forInput: ct_tensor?
        var forWeight: ct_tensor?
        withExtendedLifetime((gradient, input, weight)) {
            _ = check(
                backward(&forInput, &forWeight), "convolution_gradients",
                shapes: "\(input.shape), \(weight.shape)")
        }
        return (forInput.map { Tensor(owning: $0) }, forWeight.map { Tensor(owning: $0) })
    }
    let step = Int64(stride)
    let kernels = processor.convolution
    if groups == 1, kernels.takes(input, weight: weight, stride: stride, padding: padding) {
        return byOurs {
            ct_conv_backward(
                gradient.handle, input.handle, weight.handle, step, wanted.input, wanted.weight,
                kernels.code, $0, $1)
        }
    }
    if groups > 1, kernels != .onednn, padding == 1,
        ct_depthwise_takes(input.handle, weight.handle, step)
    {
        return byOurs {
            ct_depthwise_backward(
                gradient.handle, input.handle, weight.handle, step, wanted.input, wanted.weight,
                $0, $1)
        }
    }
    let gradients = ATen.convolutionBackward.call(
        results: 3, .tensor(gradient), .tensor(input),
        .tensor(weight.to(input.dtype).contiguous(.channelsLast)), .none,
        .ints([stride, stride]), .ints([padding, padding]), .ints([1, 1]), .bool(false),
        .ints([0, 0]), .int(groups), .bools([wanted.input, wanted.weight, false]))
    return (wanted.input ? gradients[0] : nil, wanted.weight ? gradients[1] : nil)
}

/// A convolution by a kernel of our own as one node of the graph.
///
/// - Parameters:
///   - name: for errors.
///   - input: of the convolution.
///   - weight: of the convolution.
///   - forward: computes the output.
///   - backward: the kernel's backward pass, from the output's gradient, input, weight and which
///     gradients are wanted, to the gradients of input and weight.
/// - Returns: the output, connected to `input` and `weight`.
func differentiableConvolution(
    _ name: String, _ input: Tensor, _ weight: Tensor, forward: () -> Tensor,
    backward:
        @escaping @Sendable (
            ct_tensor?, ct_tensor?, ct_tensor?, WantedGradients,
            UnsafeMutablePointer<ct_tensor?>, UnsafeMutablePointer<ct_tensor?>
        ) -> ct_error?
) -> Tensor {
    let wanted = WantedGradients(input: input.requiresGrad, weight: weight.requiresGrad)
    return customFunction(of: [input, weight]) {
        let saved = [input.detach(), weight.detach()]
        return (
            [forward()],
            { gradients in
                guard let gradient = gradients[0] else { return [nil, nil] }
                return withExtendedLifetime((gradient, saved)) {
                    var forInput: ct_tensor?
                    var forWeight: ct_tensor?
                    check(
                        backward(
                            gradient.handle, saved[0].handle, saved[1].handle, wanted,
                            &forInput, &forWeight),
                        "\(name) backward", shapes: "\(saved.map(\.shape))")
                    return [forInput, forWeight].map { $0.map { Tensor(owning: $0) } }
                }
            }
        )
    }[0]
}

/// The weights of a convolution as our own kernel reads them.
public struct PackedConvolution: Sendable {
    private let packed: Tensor
    private let inputs: Int
    private let outputs: Int
    private let kernelSize: Int
    private let stride: Int
    private let kernels: Processor.Convolution

    /// Packs weights `[O, C, k, k]`, rounded to bfloat16.
    ///
    /// It is nil where no kernel of ours takes them. Those for AVX512-BF16 want 3×3, stride 1, padding 1 and
    /// multiples of 16 channels. Those for the matrix unit also take stride 2, and up to three channels.
    ///
    /// - Parameters:
    ///   - weight: the weights.
    ///   - stride: the step between windows, in pixels.
    ///   - padding: zeros on each side, in pixels.
    ///   - kernels: whose; the processor has them.
    public init?(weight: Tensor, stride: Int, padding: Int, kernels: Processor.Convolution) {
        guard let handle = weight.handle,
            ct_conv_takes_weight(handle, Int64(stride), Int64(padding), kernels.code)
        else { return nil }
        var result: ct_tensor?
        withExtendedLifetime(weight) {
            _ = check(
                ct_conv_pack(handle, Int64(stride), kernels.code, &result),
                "fused_convolution packing", shapes: "\(weight.shape)")
        }
        self.kernels = kernels
        self.stride = stride
        packed = Tensor(owning: result)
        outputs = weight.size(0)
        inputs = weight.size(1)
        kernelSize = weight.size(2)
    }

    /// Whether the kernel takes this input (bfloat16 on the CPU, channels last).
    public func takes(_ input: Tensor) -> Bool {
        guard let handle = input.handle, packed.handle != nil else { return false }
        return withExtendedLifetime(input) {
            ct_conv_takes_input(handle, Int64(inputs))
        }
    }

    /// Convolution, then bias, an addition and ReLU, in one pass and without gradients.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - bias: `[O]`.
    ///   - addend: added before ReLU, `[N, O, H', W']`.
    ///   - relu: whether ReLU comes last.
    /// - Returns: `[N, O, H', W']`.
    /// - Precondition: `takes(input)`.
    public func callAsFunction(
        _ input: Tensor, bias: Tensor? = nil, addend: Tensor? = nil, relu: Bool
    ) -> Tensor {
        var output: ct_tensor?
        withExtendedLifetime((input, bias, addend, self)) {
            _ = check(
                ct_conv_forward(
                    input.handle, packed.handle, Int64(outputs), Int64(kernelSize),
                    Int64(stride), bias?.handle, addend?.handle, relu, kernels.code, &output),
                "fused_convolution", shapes: "\(input.shape)")
        }
        return Tensor(owning: output)
    }
}

extension Processor.Convolution {
    /// Whether kernels of ours have the convolution, if only the gradient of its weights.
    func takes(_ input: Tensor, weight: Tensor, stride: Int, padding: Int) -> Bool {
        guard self != .onednn, let x = input.handle, let w = weight.handle else { return false }
        return withExtendedLifetime((input, weight)) {
            ct_conv_backward_takes(x, w, Int64(stride), Int64(padding), code)
        }
    }

    /// As the C functions count them.
    var code: ct_kernels {
        switch self {
        case .amx: ct_amx
        case .avx512: ct_avx512
        case .onednn: ct_onednn
        }
    }
}
