import CTorch

/// The fusion of ABF: `x · z₀ + y · z₁` with `z = sigmoid(W [x; y] + b)`, in one pass over memory.
///
/// - Parameters:
///   - feature: x, `[N, m, h, w]`.
///   - deeper: y before nearest-neighbour enlargement, `[N, m, h / a, w / b]` with whole a and b.
///   - weight: W, `[2, 2m, 1, 1]`.
///   - bias: b, `[2]`.
/// - Returns: `[N, m, h, w]`; nil, with nothing done, where our kernel does not take the input: it
///   wants bfloat16 or float32 on the CPU, channels last, a multiple of 16 channels.
public func fusedAttentionFusion(
    _ feature: Tensor, _ deeper: Tensor, weight: Tensor, bias: Tensor
) -> Tensor? {
    guard let x = feature.handle, let y = deeper.handle, let w = weight.handle,
        ct_attention_fusion_is_fusible(x, y, w)
    else { return nil }
    return customFunction(of: [feature, deeper, weight, bias]) {
        var output: ct_tensor?
        var maps: ct_tensor?
        withExtendedLifetime((feature, deeper, weight, bias)) {
            _ = check(
                ct_attention_fusion_forward(x, y, w, bias.handle, &output, &maps),
                "fused_attention_fusion", shapes: "\(feature.shape), \(deeper.shape)")
        }
        let saved = [feature.detach(), deeper.detach(), weight.detach(), Tensor(owning: maps)]
        return (
            [Tensor(owning: output)],
            { gradients in attentionFusionBackward(gradients[0], saved) }
        )
    }[0]
}

private func attentionFusionBackward(_ gradient: Tensor?, _ saved: [Tensor]) -> [Tensor?] {
    guard let gradient else { return [nil, nil, nil, nil] }
    return withExtendedLifetime((gradient, saved)) {
        var (feature, deeper, weight, bias): (ct_tensor?, ct_tensor?, ct_tensor?, ct_tensor?)
        check(
            ct_attention_fusion_backward(
                gradient.handle, saved[0].handle, saved[1].handle, saved[2].handle,
                saved[3].handle, &feature, &deeper, &weight, &bias),
            "fused_attention_fusion backward", shapes: "\(saved[0].shape)")
        return [feature, deeper, weight, bias].map { $0.map { Tensor(owning: $0) } }
    }
}
