/// What becomes of the elements that several processes have at one place.
public enum Reduction: Sendable { case sum, least, greatest }

/// Processes that train together.
///
/// One by itself is such a group too (`SingleProcess`), so that nobody has to ask whether there are several. All
/// processes of a group call the same functions in the same order.
///
/// A failure, such as the death of another process, goes to the scope of `collectingOperatorErrors`, as an
/// operator's own; what the functions then leave in the tensors is of no use.
public protocol ProcessGroup: AnyObject, Sendable {
    /// This process's place in the group, from 0.
    var rank: Int { get }

    /// How many processes there are.
    var size: Int { get }

    /// How many of them share this machine.
    var localSize: Int { get }

    /// Replaces the elements of each tensor by what they are over all processes.
    ///
    /// Every process then has the same bits.
    ///
    /// - Parameters:
    ///   - tensors: of the same shapes, types and memory layouts in every process.
    ///   - reduction: how an element comes from those of all processes.
    func reduce(_ tensors: [Tensor], by reduction: Reduction)

    /// Runs a backward pass, and adds the parameters' gradients over all processes while it goes on.
    ///
    /// Every process then has the same bits. A parameter without a gradient stays without one.
    ///
    /// - Parameters:
    ///   - parameters: leaves, of the same shapes, types and memory layouts in every process.
    ///   - values: other tensors to be added, as they are before the pass.
    ///   - backward: the pass.
    func sumGradients(of parameters: [Tensor], and values: [Tensor], _ backward: () -> Void)

    /// Overwrites each tensor by that of one process.
    ///
    /// - Parameters:
    ///   - tensors: of the same shapes, types and memory layouts in every process.
    ///   - root: the rank of the process that has the elements.
    func broadcast(_ tensors: [Tensor], from root: Int)

    /// Hands a few bytes of each process to all of them.
    ///
    /// - Parameter bytes: this process's, of any length.
    /// - Returns: those of all processes, by their ranks.
    /// - Throws: where another process does not give its own in time.
    func gather(_ bytes: [UInt8]) throws -> [[UInt8]]
}

/// A process that trains by itself.
public final class SingleProcess: ProcessGroup {
    /// The first and only place.
    public var rank: Int { 0 }

    /// One.
    public var size: Int { 1 }

    /// One.
    public var localSize: Int { 1 }

    /// Makes a group of one.
    public init() {}

    /// Leaves the tensors as they are.
    public func reduce(_ tensors: [Tensor], by reduction: Reduction) {}

    /// Runs the pass, and leaves its gradients as they are.
    public func sumGradients(
        of parameters: [Tensor], and values: [Tensor], _ backward: () -> Void
    ) { backward() }

    /// Leaves the tensors as they are.
    public func broadcast(_ tensors: [Tensor], from root: Int) {}

    /// Gives back this process's bytes.
    public func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
}

extension ProcessGroup {
    /// The greatest of a number over all processes.
    ///
    /// - Parameter number: this process's.
    /// - Returns: the same in every process.
    /// - Throws: where another process failed.
    public func greatest(of number: Int) throws -> Int {
        guard size > 1 else { return number }
        let tensor = Tensor([Int64(number)])
        try collectingOperatorErrors { reduce([tensor], by: .greatest) }
        return Int(tensor.elements(as: Int64.self)[0])
    }

    /// The greatest of a number over all processes.
    ///
    /// - Parameter number: this process's, finite.
    /// - Returns: the same in every process.
    /// - Throws: where another process failed.
    public func greatest(of number: Double) throws -> Double {
        guard size > 1 else { return number }
        let tensor = Tensor([number])
        try collectingOperatorErrors { reduce([tensor], by: .greatest) }
        return tensor.elements(as: Double.self)[0]
    }

    /// The sum of a number over all processes.
    ///
    /// - Parameter number: this process's.
    /// - Returns: the same in every process.
    /// - Throws: where another process failed.
    public func sum(of number: Int) throws -> Int {
        guard size > 1 else { return number }
        let tensor = Tensor([Int64(number)])
        try collectingOperatorErrors { reduce([tensor], by: .sum) }
        return Int(tensor.elements(as: Int64.self)[0])
    }

    /// Hands many bytes of one process to all of them.
    ///
    /// - Parameters:
    ///   - bytes: those of `root`; of no matter elsewhere.
    ///   - root: the rank of the process that has them.
    /// - Returns: the bytes of `root`.
    /// - Throws: where another process failed.
    public func broadcast(bytes: [UInt8], from root: Int) throws -> [UInt8] {
        guard size > 1 else { return bytes }
        let count = Tensor([Int64(bytes.count)])
        try collectingOperatorErrors { broadcast([count], from: root) }
        let length = Int(count.elements(as: Int64.self)[0])
        let content =
            rank == root ? Tensor(bytes) : Tensor.zeros([length], dtype: .uint8, device: .cpu)
        try collectingOperatorErrors { broadcast([content], from: root) }
        return content.elements(as: UInt8.self)
    }
}
