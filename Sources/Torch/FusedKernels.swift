import CTorch

/// The tensors and constants of a batch norm in training mode.
public struct BatchNormState: Sendable {
    let weight: Tensor
    let bias: Tensor
    let runningMean: Tensor
    let runningVar: Tensor
    let momentum: Double
    let epsilon: Double

    /// Gathers them, `[C]` each.
    public init(
        weight: Tensor, bias: Tensor, runningMean: Tensor, runningVar: Tensor, momentum: Double,
        epsilon: Double
    ) {
        self.weight = weight
        self.bias = bias
        self.runningMean = runningMean
        self.runningVar = runningVar
        self.momentum = momentum
        self.epsilon = epsilon
    }
}

/// Batch norm in training mode, an optional addition and an optional ReLU, in two passes over memory.
///
/// - Parameters:
///   - input: `[N, C, H, W]`.
///   - state: the batch norm; its running statistics are updated in place.
///   - addend: added before ReLU, of the input's shape.
///   - relu: whether ReLU follows.
/// - Returns: the result; nil, with nothing done, where our kernel does not take the input: it wants
///   bfloat16 on the CPU, channels last, a multiple of 16 channels.
public func fusedBatchNorm(
    _ input: Tensor, _ state: BatchNormState, adding addend: Tensor?, relu: Bool
) -> Tensor? {
    guard let x = input.handle, let scale = state.weight.handle, state.runningMean.handle != nil,
        addend == nil || addend?.handle != nil, ct_batch_norm_is_fusible(x, scale)
    else { return nil }
    let inputs = [input, state.weight, state.bias] + (addend.map { [$0] } ?? [])
    return customFunction(of: inputs) {
        var output: ct_tensor?
        var mean: ct_tensor?
        var inverse: ct_tensor?
        withExtendedLifetime((state, inputs)) {
            var norm = ct_batch_norm(
                weight: scale, bias: state.bias.handle, running_mean: state.runningMean.handle,
                running_var: state.runningVar.handle, momentum: state.momentum,
                epsilon: state.epsilon)
            _ = check(
                ct_batch_norm_forward(
                    &norm, x, addend?.handle, relu, &output, &mean, &inverse),
                "fused_batch_norm", shapes: "\(input.shape)")
        }
        let result = Tensor(owning: output)
        let pass = BatchNormBackward(
            input: input.detach(),
            // An alias: the result itself will own this closure.
            output: relu ? result.detach() : nil, weight: state.weight.detach(),
            mean: Tensor(owning: mean), inverse: Tensor(owning: inverse),
            wantsAddend: addend != nil)
        return ([result], pass.callAsFunction)
    }[0]
}

/// What the backward pass of `fusedBatchNorm` keeps.
private struct BatchNormBackward: Sendable {
    let input: Tensor
    let output: Tensor?
    let weight: Tensor
    let mean: Tensor
    let inverse: Tensor
    let wantsAddend: Bool

    @Sendable func callAsFunction(_ gradients: [Tensor?]) -> [Tensor?] {
        let count = wantsAddend ? 4 : 3
        guard let gradient = gradients[0] else { return Array(repeating: nil, count: count) }
        var results = [ct_tensor?](repeating: nil, count: 4)
        withExtendedLifetime((self, gradient)) {
            var (x, weight, bias, addend): (ct_tensor?, ct_tensor?, ct_tensor?, ct_tensor?)
            _ = check(
                ct_batch_norm_backward(
                    gradient.handle, output?.handle, input.handle, self.weight.handle, mean.handle,
                    inverse.handle, wantsAddend, &x, &weight, &bias, &addend),
                "fused_batch_norm backward", shapes: "\(input.shape)")
            results = [x, weight, bias, addend]
        }
        return results.prefix(count).map { $0.map { Tensor(owning: $0) } }
    }
}

/// The fusion of ABF: `x · z₀ + y · z₁` with `z = sigmoid(W [x; y] + b)`, in one pass over memory.
///
/// - Parameters:
///   - feature: x, `[N, m, h, w]`.
///   - deeper: y before nearest-neighbour enlargement, `[N, m, h / a, w / b]` with whole a and b.
///   - weight: W, `[2, 2m, 1, 1]`.
///   - bias: b, `[2]`.
/// - Returns: `[N, m, h, w]`; nil, with nothing done, where our kernel does not take the input: it
///   wants bfloat16 on the CPU, channels last, a multiple of 16 channels.
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
