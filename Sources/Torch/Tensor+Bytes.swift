import Basics
import CTorch

extension Tensor {
    /// Copies a Swift array into a new tensor on the CPU.
    ///
    /// - Parameters:
    ///   - elements: the elements, row major.
    ///   - shape: the tensor's shape; one dimension when left out.
    /// - Precondition: `shape` holds as many elements as there are.
    public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]? = nil) {
        let shape = shape ?? [elements.count]
        self.init(owning: elements.withUnsafeBytes { Tensor.make($0, Element.dtype, shape) })
    }

    /// Copies row-major bytes into a new tensor on the CPU.
    ///
    /// - Parameters:
    ///   - bytes: little-endian elements, as many bytes as the shape takes.
    ///   - dtype: the type of the elements.
    ///   - shape: the tensor's shape.
    public convenience init(bytes: some Sequence<UInt8>, dtype: DType, shape: [Int]) {
        let handle = bytes.withContiguousStorageIfAvailable {
            Tensor.make(UnsafeRawBufferPointer($0), dtype, shape)
        }
        self.init(
            owning: handle
                ?? Array(bytes).withUnsafeBytes { Tensor.make($0, dtype, shape) })
    }

    private static func make(_ bytes: UnsafeRawBufferPointer, _ dtype: DType, _ shape: [Int])
        -> ct_tensor?
    {
        var handle: ct_tensor?
        let sizes = shape.map(Int64.init)
        check(
            ct_tensor_from_bytes(
                bytes.baseAddress, bytes.count, dtype.rawValue, sizes, Int64(sizes.count), &handle),
            "from_bytes", shapes: "\(bytes.count) bytes for \(dtype) \(shape)")
        return handle
    }

    /// The elements, row major, copied to the host.
    ///
    /// - Parameter type: the Swift type of the tensor's `dtype`.
    /// - Returns: as many elements as the tensor has.
    /// - Precondition: the tensor's `dtype` is that of `type`.
    public func elements<Element: TensorElement>(as type: Element.Type) -> [Element] {
        precondition(
            handle == nil || dtype == Element.dtype,
            "elements: a tensor of \(dtype) read as \(Element.dtype); convert it first")
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            copyBytes(into: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// How many bytes the elements take.
    public var byteCount: Int { count * dtype.elementType.byteCount }

    /// The row-major, little-endian bytes of the elements, copied to the host.
    public func bytes() -> [UInt8] {
        let size = byteCount
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            copyBytes(into: UnsafeMutableRawBufferPointer(buffer))
            initialized = size
        }
    }

    /// The address of the elements, for kernels of other targets.
    ///
    /// The caller keeps the tensor alive while it uses the address.
    ///
    /// - Returns: the first element's address; nil where there are no elements, and after a collected failure.
    /// - Precondition: the elements are on the CPU and lie densely, row major.
    package func address() -> UnsafeMutableRawPointer? {
        guard let handle else { return nil }
        requireElements("data")
        var address: UnsafeMutableRawPointer?
        check(ct_tensor_data(handle, &address), "data", shapes: "\(self.shape)")
        return address
    }

    private func copyBytes(into buffer: UnsafeMutableRawBufferPointer) {
        guard let handle else { return }
        requireElements("copy_bytes")
        check(
            ct_tensor_copy_bytes(handle, buffer.baseAddress, buffer.count), "copy_bytes",
            shapes: "\(self.shape)")
    }
}
