import CTorch

/// Depthwise 3×3 convolution with padding 1 by our own kernel, differentiable.
///
/// On processors with AMX the forward pass of 128 channels or more on maps of 28 pixels or more is oneDNN's, which was up
/// to a third faster there (docs/results/imagenet-speed.md). Its results do not depend on the number of threads either.
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
    let channels = input.size(1)
    let isLibrarys =
        Processor.current.convolution == .amx && channels >= 128 && input.size(3) >= 28
    return differentiableConvolution("fused_depthwise_convolution", input, weight) {
        guard !isLibrarys else {
            return input.conv2d(
                weight: weight.to(input.dtype), stride: stride, padding: 1, groups: channels)
        }
        var output: ct_tensor?
        withExtendedLifetime((input, weight)) {
            _ = check(
                ct_depthwise_forward(x, kernel, Int64(stride), &output),
                "fused_depthwise_convolution", shapes: "\(input.shape)")
        }
        return Tensor(owning: output)
    } backward: {
        ct_depthwise_backward($0, $1, $2, Int64(stride), $3.input, $3.weight, $4, $5)
    }
}
