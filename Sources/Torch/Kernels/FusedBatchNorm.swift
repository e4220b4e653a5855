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
///   bfloat16 or float32 on the CPU, channels last, and a number of channels times pixels of the batch
///   that a whole number of pixels cuts into vectors of 16: an even number of pixels for 24 channels.
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
