import CTorch

/// A program from a file that turns one tensor into several: TorchScript, or a package of AOTInductor.
///
/// Loading and running it executes what the file's maker wrote, with the rights of this process.
public final class TensorProgram {
    /// How a program is stored.
    public enum Form: Sendable {
        /// What `torch.jit.save` writes.
        case torchScript

        /// What `torch._inductor.aoti_compile_and_package` writes: machine code for one kind of device.
        case inductorPackage
    }

    private let handle: ct_program
    private let path: String

    /// Loads a program, which executes code of the file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - form: how it is stored.
    ///   - device: where it is to run; a package runs on the kind of device that it was compiled for.
    /// - Throws: `OperatorError` in LibTorch's words.
    public init(path: String, form: Form, device: Device) throws(OperatorError) {
        var handle: ct_program?
        try attempt(
            ct_program_load(path, form == .inductorPackage, device.handle, &handle),
            "loading \(path)")
        guard let handle else { preconditionFailure("loading \(path): no error and no program") }
        self.handle = handle
        self.path = path
    }

    deinit { ct_program_free(handle) }

    /// Calls the program's forward pass.
    ///
    /// - Parameters:
    ///   - input: the only argument.
    ///   - isTrial: whether a refusal may follow, so that the program does not write about it on standard
    ///     error too.
    /// - Returns: its tensors in their order, out of whatever tuples and lists they are in.
    /// - Throws: `OperatorError` in LibTorch's words, of the kind `programFromFile` where it refuses.
    public func outputs(
        of input: Tensor, isTrial: Bool = false
    ) throws(OperatorError) -> [Tensor] {
        guard let inputHandle = input.handle else { return [] }
        var list: UnsafeMutablePointer<ct_tensor?>?
        var count = 0
        do {
            try attempt(
                ct_program_run(handle, inputHandle, isTrial, &list, &count),
                "the program \(path)")
        } catch {
            throw error.kind == .program ? error.of(.programFromFile) : error
        }
        defer { ct_tensors_free(list) }
        return (0..<count).map { Tensor(owning: list?[$0]) }
    }

    /// Leaves a failure of a program to the scope of `collectingOperatorErrors`; without one it traps.
    ///
    /// - Parameters:
    ///   - error: what `outputs` threw.
    ///   - count: how many tensors were expected.
    /// - Returns: empty tensors, which no operator reads.
    package static func collect(_ error: OperatorError, count: Int) -> [Tensor] {
        guard let collector = FailureCollector.current else { fatalError(error.description) }
        collector.record(error)
        return (0..<count).map { _ in Tensor(owning: nil) }
    }
}
