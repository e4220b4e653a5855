import CTorch

extension Tensor {
    /// Says what is done each time a backward pass has completed this leaf's gradient.
    ///
    /// It is done during the pass, which then goes on with other tensors; `grad` is whole by then.
    ///
    /// - Parameter body: takes the place of the former one; nil for nothing.
    /// - Precondition: this is a leaf that requires a gradient.
    package func onGradient(_ body: (@Sendable () -> Void)?) {
        guard let handle else { return }
        let context = body.map { Unmanaged.passRetained(GradientHook($0)).toOpaque() }
        check(
            ct_tensor_on_gradient(
                handle, context,
                { context in
                    guard let context else { return }
                    Unmanaged<GradientHook>.fromOpaque(context).takeUnretainedValue().run()
                },
                { context in
                    guard let context else { return }
                    Unmanaged<GradientHook>.fromOpaque(context).release()
                }), "on_gradient", shapes: "\(shape)")
    }
}

/// The closure, boxed so that C++ can own it.
private final class GradientHook {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func run() { withoutGrad(body) }
}
