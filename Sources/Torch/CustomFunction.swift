import CTorch

/// A differentiable function whose gradient is given by hand.
///
/// Where a formula for the gradient is known, one node in the graph replaces many: fewer passes
/// over memory, and nothing saved but what the formula needs.
///
/// - Parameters:
///   - inputs: the tensors that gradients are for; at least one.
///   - forward: computes the outputs, without recording and outside mixed precision, and returns
///     with them the backward pass: from one gradient per output (nil where an output did not
///     matter) to one per input (nil where none is needed).
/// - Returns: the outputs, connected to `inputs`.
public func customFunction(
    of inputs: [Tensor],
    forward: () -> (outputs: [Tensor], backward: @Sendable ([Tensor?]) -> [Tensor?])
) -> [Tensor] {
    let device = inputs.first?.device ?? .cpu
    let (outputs, backward) = withoutGrad { withAutocast(nil, on: device, forward) }
    guard ct_grad_mode(), inputs.contains(where: \.requiresGrad) else { return outputs }
    guard (inputs + outputs).allSatisfy({ $0.handle != nil }) else { return outputs }
    let context = Unmanaged.passRetained(BackwardPass(backward, device: device)).toOpaque()
    withExtendedLifetime((inputs, outputs)) {
        _ = check(
            ct_custom_function(
                inputs.map(\.handle), inputs.count, outputs.map(\.handle), outputs.count, context,
                { context, gradients, count, results, resultCount in
                    BackwardPass.run(context, gradients, count, results, resultCount)
                },
                { context in
                    guard let context else { return }
                    Unmanaged<BackwardPass>.fromOpaque(context).release()
                }),
            "custom_function", shapes: "\(inputs.map(\.shape)) → \(outputs.map(\.shape))")
    }
    return outputs
}

/// The backward closure, boxed so that a C++ node can own it.
private final class BackwardPass {
    private let body: @Sendable ([Tensor?]) -> [Tensor?]
    private let device: Device

    /// A card's backward pass runs on a thread of LibTorch's, outside the step's scope.
    private let scope = FailureScope()

    init(_ body: @escaping @Sendable ([Tensor?]) -> [Tensor?], device: Device) {
        self.body = body
        self.device = device
    }

    static func run(
        _ context: UnsafeMutableRawPointer?, _ gradients: UnsafePointer<ct_tensor?>?, _ count: Int,
        _ results: UnsafeMutablePointer<ct_tensor?>?, _ resultCount: Int
    ) -> ct_error? {
        guard let context, let gradients, let results else {
            return ct_error_make("custom_function: called without its context")
        }
        let pass = Unmanaged<BackwardPass>.fromOpaque(context).takeUnretainedValue()
        let given = (0..<count).map { index -> Tensor? in
            guard let handle = gradients[index] else { return nil }
            return Tensor(owning: ct_tensor_retain(handle))
        }
        let computed = pass.scope {
            withoutGrad { withAutocast(nil, on: pass.device) { pass.body(given) } }
        }
        guard computed.count == resultCount else {
            return ct_error_make(
                "custom_function: \(computed.count) gradients for \(resultCount) inputs")
        }
        for (index, tensor) in computed.enumerated() {
            results[index] = tensor?.handle.map { ct_tensor_retain($0) }
        }
        return nil
    }
}
