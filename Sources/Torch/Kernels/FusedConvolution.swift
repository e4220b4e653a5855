import CTorch

/// Convolution by kernels of our own, differentiable: the weights' gradient of each shape, and all of a 3×3
/// kernel with stride 1.
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - weight: `[O, C, k, k]`, float32; it is rounded to bfloat16.
///   - stride: the step between windows, in pixels.
///   - padding: zeros on each side, in pixels.
///   - processor: whose kernels; it has what it says.
/// - Returns: `[N, O, H', W']`; nil, with nothing done, where our kernels do not take the input: they
///   want bfloat16, channels last, multiples of 16 channels, a kernel of 1×1 or of 3×3 with padding 1, a
///   stride of 1 or 2, and a processor with AVX512-BF16.
public func fusedConvolution(
    _ input: Tensor, weight: Tensor, stride: Int, padding: Int, on processor: Processor = .current
) -> Tensor? {
    guard processor.convolution != .onednn, let x = input.handle, let kernel = weight.handle,
        withExtendedLifetime(
            (input, weight),
            { ct_conv_backward_takes(x, kernel, Int64(stride), Int64(padding)) })
    else { return nil }
    let kernels = processor.convolution
    return differentiableConvolution("fused_convolution", input, weight) {
        if let packed = PackedConvolution(weight: weight, stride: stride, kernels: kernels),
            packed.takes(input)
        {
            return packed(input, relu: false)
        }
        return input.conv2d(
            weight: weight.to(.bfloat16).contiguous(.channelsLast), stride: stride,
            padding: padding)
    } backward: {
        ct_conv_backward(
            $0, $1, $2, Int64(stride), $3, kernels.code, $4, $5)
    }
}

/// A convolution by a kernel of our own as one node of the graph.
///
/// - Parameters:
///   - name: for errors.
///   - input: of the convolution.
///   - weight: of the convolution.
///   - forward: computes the output.
///   - backward: the kernel's backward pass, from the output's gradient, input, weight and whether the
///     input's gradient is wanted, to the gradients of input and weight.
/// - Returns: the output, connected to `input` and `weight`.
func differentiableConvolution(
    _ name: String, _ input: Tensor, _ weight: Tensor, forward: () -> Tensor,
    backward:
        @escaping @Sendable (
            ct_tensor?, ct_tensor?, ct_tensor?, Bool, UnsafeMutablePointer<ct_tensor?>,
            UnsafeMutablePointer<ct_tensor?>
        ) -> ct_error?
) -> Tensor {
    let wantsInput = input.requiresGrad
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
                            gradient.handle, saved[0].handle, saved[1].handle, wantsInput,
                            &forInput, &forWeight),
                        "\(name) backward", shapes: "\(saved.map(\.shape))")
                    return [forInput, forWeight].map { $0.map { Tensor(owning: $0) } }
                }
            }
        )
    }[0]
}

/// The weights of a 3×3 convolution with stride 1 and padding 1 as our own kernel reads them.
public struct PackedConvolution: Sendable {
    private let packed: Tensor
    private let inputs: Int
    private let outputs: Int
    private let kernels: Processor.Convolution

    /// Packs weights `[O, C, 3, 3]`, rounded to bfloat16.
    ///
    /// It is nil where no kernel of ours takes them: ours want stride 1, multiples of 16 channels, and a
    /// processor with AVX512-BF16.
    ///
    /// - Parameters:
    ///   - weight: the weights.
    ///   - stride: the step between windows, in pixels.
    ///   - kernels: whose; the processor has them.
    public init?(weight: Tensor, stride: Int = 1, kernels: Processor.Convolution) {
        guard kernels != .onednn, stride == 1, let handle = weight.handle,
            ct_conv3x3_takes_weight(handle)
        else { return nil }
        var result: ct_tensor?
        withExtendedLifetime(weight) {
            _ = check(
                ct_conv3x3_pack(handle, kernels.code, &result), "fused_convolution packing",
                shapes: "\(weight.shape)")
        }
        self.kernels = kernels
        packed = Tensor(owning: result)
        outputs = weight.size(0)
        inputs = weight.size(1)
    }

    /// Whether the kernel takes this input (bfloat16 on the CPU, channels last).
    public func takes(_ input: Tensor) -> Bool {
        guard let handle = input.handle, packed.handle != nil else { return false }
        return withExtendedLifetime(input) {
            ct_conv3x3_takes_input(handle, Int64(inputs))
        }
    }

    /// Convolution, then bias, an addition and ReLU, in one pass and without gradients.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - bias: `[O]`.
    ///   - addend: added before ReLU, `[N, O, H, W]`.
    ///   - relu: whether ReLU comes last.
    /// - Returns: `[N, O, H, W]`.
    /// - Precondition: `takes(input)`.
    public func callAsFunction(
        _ input: Tensor, bias: Tensor? = nil, addend: Tensor? = nil, relu: Bool
    ) -> Tensor {
        var output: ct_tensor?
        withExtendedLifetime((input, bias, addend, self)) {
            _ = check(
                ct_conv3x3_forward(
                    input.handle, packed.handle, Int64(outputs), bias?.handle, addend?.handle,
                    relu, kernels.code, &output),
                "fused_convolution", shapes: "\(input.shape)")
        }
        return Tensor(owning: output)
    }
}

extension Processor.Convolution {
    /// As the C functions count them.
    var code: ct_kernels {
        switch self {
        case .amx: ct_amx
        case .avx512: ct_avx512
        case .onednn: ct_onednn
        }
    }
}
