import Synchronization

/// A call of an operator that was made while calls were recorded.
package struct OperatorCall: Sendable {
    /// The operator's name and overload in LibTorch's registry, as `aten::add.Tensor`.
    package let operation: String

    /// What it was called with, in the order of its schema.
    package let arguments: [OperatorArgument]

    /// What it returned: the very objects that the caller got.
    package let results: [Tensor]
}

/// Writes down the operators that a computation calls.
///
/// Every operator goes through one place, where this listens. Kernels of our own, custom functions and what
/// reads elements are not operators, and stay unseen.
final class OperatorRecorder: Sendable {
    @TaskLocal private static var current: OperatorRecorder?

    /// How many scopes record, so that a call outside of them costs one read of a number.
    private static let active = Atomic<Int>(0)

    private let calls = Mutex<[OperatorCall]>([])

    /// Adds a call to the scope that records on this thread, if any.
    static func note(_ operation: ATen, _ arguments: [OperatorArgument], _ results: [Tensor]) {
        guard active.load(ordering: .relaxed) > 0, let current else { return }
        let call = OperatorCall(
            operation: operation.rawValue, arguments: arguments, results: results)
        current.calls.withLock { $0.append(call) }
    }

    /// Runs `body` and gives what it returned, and its calls in their order.
    fileprivate static func record<Result>(
        _ body: () throws -> Result
    ) rethrows -> (result: Result, calls: [OperatorCall]) {
        let recorder = OperatorRecorder()
        active.add(1, ordering: .relaxed)
        defer { active.subtract(1, ordering: .relaxed) }
        let result = try $current.withValue(recorder, operation: body)
        return (result, recorder.calls.withLock { $0 })
    }
}

/// Runs `body` and writes down every operator that it calls on this thread.
///
/// The tensors of the calls stay alive as long as the calls, so that they can be told apart by identity.
///
/// - Parameter body: the computation.
/// - Returns: what `body` returns, and the calls in their order.
/// - Throws: what `body` throws.
package func recordingOperators<Result>(
    _ body: () throws -> Result
) rethrows -> (result: Result, calls: [OperatorCall]) {
    try OperatorRecorder.record(body)
}
