import CTorch

/// Depthwise 3×3 convolution with padding 1 by our own kernel, differentiable.
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - weight: `[C, 1, 3, 3]`, float32; it is rounded to bfloat16.
///   - stride: the step between windows, in pixels.
/// - Returns: `[N, C, H', W']`; nil, with nothing done, where our kernel does not take the input: it
///   wants bfloat16 on the CPU, channels last, 16 channels or more, and a stride of 1 or 2.
public func fusedDepthwiseConvolution3x3(
    _ input: Tensor, weight: Tensor, stride: Int
) -> Tensor? {
    guard let x = input.handle, let kernel = weight.handle,
        withExtendedLifetime((input, weight), { ct_depthwise_takes(x, kernel, Int64(stride)) })
    else { return nil }
    let wantsInput = input.requiresGrad
    return customFunction(of: [input, weight]) {
        var output: ct_tensor?
        withExtendedLifetime((input, weight)) {
            _ = check(
                ct_depthwise_forward(x, kernel, Int64(stride), &output),
                "fused_depthwise_convolution", shapes: "\(input.shape)")
        }
        let saved = [input.detach(), weight.detach()]
        return (
            [Tensor(owning: output)],
            { gradients in
                guard let gradient = gradients[0] else { return [nil, nil] }
                return depthwiseBackward(gradient, saved, stride, wantsInput: wantsInput)
            }
        )
    }[0]
}

private func depthwiseBackward(
    _ gradient: Tensor, _ saved: [Tensor], _ stride: Int, wantsInput: Bool
) -> [Tensor?] {
    withExtendedLifetime((gradient, saved)) {
        var input: ct_tensor?
        var weight: ct_tensor?
        check(
            ct_depthwise_backward(
                gradient.handle, saved[0].handle, saved[1].handle, Int64(stride), wantsInput,
                &input, &weight),
            "fused_depthwise_convolution backward", shapes: "\(saved.map(\.shape))")
        return [input, weight].map { $0.map { Tensor(owning: $0) } }
    }
}
