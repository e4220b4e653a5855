import CTorch

/// An n-dimensional array on a device, with the operators of LibTorch.
///
/// A `Tensor` is one reference on a LibTorch tensor: assigning it shares the elements, as in
/// PyTorch. Operators trap on what is the program's fault (shapes, types) with the operator's name
/// and the shapes.
///
/// Reading a tensor from several threads is safe; writing to one while another thread uses it is
/// not, and nothing checks it.
public final class Tensor: @unchecked Sendable {
    /// Null after a collected failure; see `collectingOperatorErrors`.
    package let handle: ct_tensor?

    /// Takes over one reference.
    init(owning handle: ct_tensor?) {
        self.handle = handle
    }

    deinit {
        if let handle { ct_tensor_free(handle) }
    }

    /// Whether a collected failure left nothing here, so that there is nothing to compute with.
    package var isEmptied: Bool { handle == nil }

    /// The number of dimensions.
    public var rank: Int { handle.map { Int(ct_tensor_rank($0)) } ?? 0 }

    /// The size of every dimension.
    public var shape: [Int] {
        guard let handle else { return [] }
        var sizes = [Int64](repeating: 0, count: rank)
        ct_tensor_sizes(handle, &sizes)
        return sizes.map(Int.init)
    }

    /// The distance in elements between neighbours along every dimension.
    public var strides: [Int] {
        guard let handle else { return [] }
        var strides = [Int64](repeating: 0, count: rank)
        ct_tensor_strides(handle, &strides)
        return strides.map(Int.init)
    }

    /// The size of one dimension; 1 in a tensor that a collected failure left empty.
    ///
    /// - Parameter dimension: from 0, or negative from the end.
    /// - Returns: the size.
    public func size(_ dimension: Int) -> Int {
        guard handle != nil else { return 1 }
        let shape = shape
        let index = dimension < 0 ? dimension + shape.count : dimension
        precondition(shape.indices.contains(index), "size: no dimension \(dimension) in \(shape)")
        return shape[index]
    }

    /// The number of elements.
    public var count: Int { handle.map { Int(ct_tensor_count($0)) } ?? 0 }

    /// The type of the elements.
    public var dtype: DType {
        guard let handle else { return .float32 }
        let code = ct_tensor_dtype(handle)
        guard let dtype = DType(rawValue: code) else {
            preconditionFailure("dtype: LibTorch's scalar type \(code) has no counterpart here")
        }
        return dtype
    }

    /// Where the elements live.
    public var device: Device { handle.map { Device(ct_tensor_device($0)) } ?? .cpu }

    /// Whether gradients are recorded for this tensor.
    public var requiresGrad: Bool {
        get { handle.map { ct_tensor_requires_grad($0) } ?? false }
        set {
            guard let handle else { return }
            check(ct_tensor_set_requires_grad(handle, newValue), "requires_grad_")
        }
    }

    /// The gradient that backward passes have accumulated in this leaf, if any.
    public var grad: Tensor? {
        guard let handle else { return nil }
        var gradient: ct_tensor?
        check(ct_tensor_grad(handle, &gradient), "grad")
        return gradient.map { Tensor(owning: $0) }
    }

    /// Forgets the accumulated gradient.
    public func clearGrad() {
        if let handle { ct_tensor_clear_grad(handle) }
    }

    /// Whether the elements lie densely in the order of `format`.
    public func isContiguous(_ format: MemoryFormat = .contiguous) -> Bool {
        handle.map { ct_tensor_is_contiguous($0, format == .channelsLast) } ?? true
    }

    /// Computes the gradients of this scalar for every leaf that it came from.
    ///
    /// - Parameter keepingGraph: whether another pass may go through the same operators afterwards.
    public func backward(keepingGraph: Bool = false) {
        guard let handle else { return }
        check(ct_backward(handle, keepingGraph), "backward", shapes: "output \(self.shape)")
    }

    /// The value of a tensor with one element.
    ///
    /// Waits for the device. NaN after a collected failure.
    public func item() -> Double {
        guard let handle else { return .nan }
        requireElements("item")
        var value = 0.0
        check(ct_tensor_item(handle, &value), "item", shapes: "\(self.shape)")
        return value
    }
}

extension Tensor {
    /// Traps where there are no elements to read or write.
    func requireElements(_ operation: StaticString) {
        precondition(
            device != .meta,
            "\(operation): a tensor on the meta device has a shape and no elements; make its network on "
                + "the CPU or a card; \(shape)")
    }
}

/// The order in which the elements of a four-dimensional tensor lie in memory.
///
/// The layout of shapes is `[N, C, H, W]` either way.
public enum MemoryFormat: Int, Sendable {
    // The raw values are those of `c10::MemoryFormat`.
    case contiguous = 0
    case channelsLast = 2
}

extension Tensor: CustomStringConvertible {
    /// Shape, type and device, and the elements of a small tensor.
    public var description: String {
        let head = "Tensor(\(shape), \(dtype), \(device))"
        guard count <= 16, dtype.isFloatingPoint, device != .meta else { return head }
        return "\(head) \(self.to(.float64).elements(as: Double.self))"
    }
}
