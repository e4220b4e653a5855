import CTorch
import Synchronization

/// A failure of the world inside an ordinary operator, as when memory runs out.
public struct OperatorError: Error, Sendable, CustomStringConvertible {
    /// What went wrong: memory ran out, a device failed, this program passed what no operator takes, or a
    /// program from a file failed.
    public enum Kind: Sendable { case outOfMemory, device, program, programFromFile }

    /// What went wrong.
    public let kind: Kind

    /// The operator, as `aten::conv2d`.
    public let operation: String

    /// LibTorch's own words, first line only.
    public let reason: String

    /// One sentence.
    public var description: String {
        switch kind {
        case .outOfMemory: "out of memory in \(operation): \(reason)"
        case .device, .program, .programFromFile: "\(operation): \(reason)"
        }
    }
}

/// Collects the failures of the operators in a scope.
final class FailureCollector: Sendable {
    @TaskLocal static var current: FailureCollector?

    private let first = Mutex<(any Error)?>(nil)

    func record(_ error: any Error) {
        first.withLock { $0 = $0 ?? error }
    }

    var error: (any Error)? { first.withLock { $0 } }
}

/// The scope of `collectingOperatorErrors` at a place, for work that LibTorch does on a thread of its own.
package struct FailureScope: Sendable {
    private let collector = FailureCollector.current

    /// Remembers the scope of the caller.
    package init() {}

    /// Does work in the scope.
    package func callAsFunction<Result>(_ body: () throws -> Result) rethrows -> Result {
        try FailureCollector.$current.withValue(collector, operation: body)
    }
}

/// Hands a failure of the world to the scope of `collectingOperatorErrors`, as an operator does with its own.
///
/// - Precondition: there is such a scope.
package func collect(_ error: any Error) {
    guard let collector = FailureCollector.current else { fatalError("\(error)") }
    collector.record(error)
}

/// Whether an operator has failed in the scope of `collectingOperatorErrors`.
package var hasOperatorFailed: Bool { FailureCollector.current?.error != nil }

/// Runs `body` and throws the first failure of the world (memory, device) that an operator met.
///
/// After such a failure the operators return empty tensors without doing anything, so that `body`
/// comes to its end; its result is then thrown away. A failure of the program (a wrong shape)
/// traps as everywhere.
///
/// - Parameter body: the work of one step.
/// - Returns: what `body` returns.
/// - Throws: `OperatorError`, what a `ProcessGroup` met, or what `body` throws.
public func collectingOperatorErrors<Result>(_ body: () throws -> Result) throws -> Result {
    let collector = FailureCollector()
    do {
        let result = try FailureCollector.$current.withValue(collector, operation: body)
        if let error = collector.error { throw error }
        return result
    } catch {
        // What `body` throws after an operator failed, as about a value that is not a number, is
        // a consequence of that failure.
        throw collector.error ?? error
    }
}

extension OperatorError {
    /// The same error of another kind.
    func of(_ kind: Kind) -> OperatorError {
        OperatorError(kind: kind, operation: operation, reason: reason)
    }

    /// An error from the shim, which stays the caller's to free.
    init(_ error: ct_error, operation: String) {
        let text = String(cString: ct_error_message(error))
        kind =
            switch ct_error_get_kind(error) {
            case CT_ERROR_OUT_OF_MEMORY: .outOfMemory
            case CT_ERROR_DEVICE: .device
            default: .program
            }
        self.operation = operation
        reason = text.split(separator: "\n").first.map(String.init) ?? text
    }
}

/// Throws an error from the shim, for what can fail with no operator running.
func attempt(
    _ error: ct_error?, _ operation: @autoclosure () -> String
) throws(OperatorError) {
    guard let error else { return }
    defer { ct_error_free(error) }
    throw OperatorError(error, operation: operation())
}

/// Takes an error from the shim: out of memory goes to the scope's collector, all else traps.
///
/// - Returns: whether the call succeeded.
@discardableResult
func check(
    _ error: ct_error?, _ operation: @autoclosure () -> String,
    shapes: @autoclosure () -> String = ""
) -> Bool {
    guard let error else { return true }
    defer { ct_error_free(error) }
    let failure = OperatorError(error, operation: operation())
    if failure.kind != .program, let collector = FailureCollector.current {
        collector.record(failure)
        return false
    }
    let text = String(cString: ct_error_message(error))
    fatalError("\(operation()): \(text); \(shapes())")
}
