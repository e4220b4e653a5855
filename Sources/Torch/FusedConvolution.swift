import CTorch

/// 3×3 convolution with stride 1 and padding 1 by our own kernel, differentiable.
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - weight: `[O, C, 3, 3]`, float32; it is rounded to bfloat16.
/// - Returns: `[N, O, H, W]`; nil, with nothing done, where our kernel does not take the input: it
///   wants bfloat16, channels last, multiples of 16 channels, and a processor with AVX512-BF16.
public func fusedConvolution3x3(_ input: Tensor, weight: Tensor) -> Tensor? {
    guard let kernel = PackedConvolution(weight: weight), kernel.takes(input) else { return nil }
    let wantsInput = input.requiresGrad
    return customFunction(of: [input, weight]) {
        let saved = [input.detach(), weight.detach()]
        return (
            [kernel(input, relu: false)],
            { gradients in
                guard let gradient = gradients[0] else { return [nil, nil] }
                return convolutionBackward(gradient, saved, wantsInput: wantsInput)
            }
        )
    }[0]
}

private func convolutionBackward(
    _ gradient: Tensor, _ saved: [Tensor], wantsInput: Bool
) -> [Tensor?] {
    withExtendedLifetime((gradient, saved)) {
        var input: ct_tensor?
        var weight: ct_tensor?
        check(
            ct_convolution_backward(
                gradient.handle, saved[0].handle, saved[1].handle, wantsInput, &input, &weight),
            "fused_convolution backward", shapes: "\(saved.map(\.shape))")
        return [input, weight].map { $0.map { Tensor(owning: $0) } }
    }
}

/// The weights of a 3×3 convolution with stride 1 and padding 1 as our own kernel reads them.
public struct PackedConvolution: Sendable {
    private let packed: Tensor
    private let inputs: Int
    private let outputs: Int

    /// Packs weights `[O, C, 3, 3]`, rounded to bfloat16.
    ///
    /// - Returns: nil where our kernel does not take them: it wants multiples of 16 channels, and a
    ///   processor with AVX512-BF16.
    public init?(weight: Tensor) {
        guard let handle = weight.handle, ct_convolution_takes_weight(handle) else { return nil }
        var result: ct_tensor?
        withExtendedLifetime(weight) {
            _ = check(
                ct_convolution_pack(handle, &result), "fused_convolution packing",
                shapes: "\(weight.shape)")
        }
        packed = Tensor(owning: result)
        outputs = weight.size(0)
        inputs = weight.size(1)
    }

    /// Whether the kernel takes this input: bfloat16 on the CPU, channels last.
    public func takes(_ input: Tensor) -> Bool {
        guard let handle = input.handle, packed.handle != nil else { return false }
        return withExtendedLifetime(input) {
            ct_convolution_takes_input(handle, Int64(inputs))
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
                ct_convolution_forward(
                    input.handle, packed.handle, Int64(outputs), bias?.handle, addend?.handle,
                    relu, &output),
                "fused_convolution", shapes: "\(input.shape)")
        }
        return Tensor(owning: output)
    }
}
