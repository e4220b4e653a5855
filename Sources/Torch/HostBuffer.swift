import CTorch

/// Bytes in the host's memory that a program writes and operators read.
public final class HostBuffer: @unchecked Sendable {
    /// The bytes as a tensor on the CPU, uint8 `[byteCount]`.
    public let tensor: Tensor

    /// Where the bytes are, as long as the buffer lives.
    public let bytes: UnsafeMutableRawBufferPointer

    /// Allocates bytes whose contents are whatever the memory held.
    ///
    /// - Parameters:
    ///   - byteCount: how many.
    ///   - isPinned: whether a card can copy them while the host goes on.
    /// - Throws: `OperatorError` where there is no memory, or no card that could pin it.
    public init(byteCount: Int, isPinned: Bool = false) throws {
        let count = max(1, byteCount)
        tensor = try collectingOperatorErrors {
            ATen.empty.call(
                .ints([count]), .dtype(.uint8), .none, .device(.cpu),
                isPinned ? .bool(true) : .none, .format(.contiguous))
        }
        var address: UnsafeMutableRawPointer?
        if let handle = tensor.handle { try attempt(ct_tensor_data(handle, &address), "data") }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
    }

    /// Some of the bytes as a tensor that shares them.
    ///
    /// - Parameters:
    ///   - start: the first byte.
    ///   - shape: the shape of the uint8 tensor, which decides how many bytes it has.
    /// - Returns: the tensor, which keeps the buffer's memory.
    public func view(from start: Int, shape: [Int]) -> Tensor {
        tensor.narrow(0, start..<(start + shape.reduce(1, *))).reshape(shape)
    }
}
