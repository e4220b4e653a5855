import CTorch

/// Convolution, bias, an addition and ReLU as one node of the graph, by kernels that do all in one pass.
///
/// Only the result is kept, not what it was before addition and ReLU.
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - weight: `[O, C, k, k]`, float32; it is rounded to bfloat16.
///   - bias: `[O]`.
///   - addend: added before ReLU, `[N, O, H', W']`.
///   - relu: whether ReLU comes last.
///   - stride: the step between windows, in pixels.
///   - padding: zeros on each side, in pixels.
///   - processor: whose kernels; it has what it says.
/// - Returns: `[N, O, H', W']`; nil, with nothing done, where the kernels do not take the input: they
///   want what `fusedConvolution` wants.
public func fusedConvolutionUnit(
    _ input: Tensor, weight: Tensor, bias: Tensor, addend: Tensor?, relu: Bool, stride: Int,
    padding: Int, on processor: Processor = .current
) -> Tensor? {
    guard Processor.fusesBFloat16, bias.handle != nil, addend == nil || addend?.handle != nil,
        processor.convolution.takes(input, weight: weight, stride: stride, padding: padding)
    else { return nil }
    let unit = ConvolutionUnit(
        wantsInput: input.requiresGrad, wantsWeight: weight.requiresGrad,
        wantsBias: bias.requiresGrad, hasAddend: addend != nil, relu: relu, stride: stride,
        kernels: processor.convolution)
    let addends = addend.map { [$0] } ?? []
    return customFunction(of: [input, weight, bias] + addends) {
        let output = unit.forward(input, weight, bias, addend, padding: padding)
        // An alias: the result itself will own this closure.
        let saved = [input.detach(), weight.detach()] + (relu ? [output.detach()] : [])
        return ([output], { gradients in unit.backward(gradients[0], saved) })
    }[0]
}

private struct ConvolutionUnit: Sendable {
    let wantsInput: Bool
    let wantsWeight: Bool
    let wantsBias: Bool
    let hasAddend: Bool
    let relu: Bool
    let stride: Int
    let kernels: Processor.Convolution

    func forward(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor, _ addend: Tensor?, padding: Int
    ) -> Tensor {
        if let kernel = PackedConvolution(
            weight: weight, stride: stride, padding: padding, kernels: kernels),
            kernel.takes(input)
        {
            return kernel(input, bias: bias, addend: addend, relu: relu)
        }
        let rows = addend?.to(.bfloat16).contiguous(.channelsLast)
        // oneDNN does not add to a single pixel (LibTorch 2.11).
        let isSingle = rows.map { $0.size(2) * $0.size(3) == 1 } ?? false
        let output = oneDNNConvolution(
            input, weight: weight.to(.bfloat16).contiguous(.channelsLast),
            bias: bias.to(.bfloat16), addend: isSingle ? nil : rows, stride: stride,
            padding: padding, relu: relu && !isSingle)
        guard isSingle, let rows else { return output }
        return relu ? (output + rows).relu() : output + rows
    }

    func backward(_ gradient: Tensor?, _ saved: [Tensor]) -> [Tensor?] {
        guard let gradient else { return Array(repeating: nil, count: hasAddend ? 4 : 3) }
        let own =
            relu
            ? ATen.thresholdBackward.call(.tensor(gradient), .tensor(saved[2]), .double(0))
            : gradient
        var forInput: ct_tensor?
        var forWeight: ct_tensor?
        if wantsInput || wantsWeight {
            withExtendedLifetime((own, saved)) {
                _ = check(
                    ct_conv_backward(
                        own.handle, saved[0].handle, saved[1].handle, Int64(stride), wantsInput,
                        wantsWeight, kernels.code, &forInput, &forWeight),
                    "fused_convolution_unit backward", shapes: "\(saved.map(\.shape))")
            }
        }
        let forBias = wantsBias ? own.to(.float32).sum([0, 2, 3]) : nil
        return [forInput, forWeight].map { $0.map { Tensor(owning: $0) } } + [forBias]
            + (hasAddend ? [own] : [])
    }
}
