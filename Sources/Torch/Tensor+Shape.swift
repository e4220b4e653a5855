extension Tensor {
    /// The same elements, row major, in another shape; one dimension may be −1.
    public func reshape(_ shape: [Int]) -> Tensor {
        ATen.reshape.call(.tensor(self), .ints(shape))
    }

    /// Merges the dimensions from `first` to the last into one.
    public func flatten(from first: Int = 0) -> Tensor {
        ATen.flatten.call(.tensor(self), .int(first), .int(-1))
    }

    /// The dimensions in another order; shares the elements.
    public func permute(_ dimensions: [Int]) -> Tensor {
        ATen.permute.call(.tensor(self), .ints(dimensions))
    }

    /// A new dimension of size 1.
    public func unsqueeze(_ dimension: Int) -> Tensor {
        ATen.unsqueeze.call(.tensor(self), .int(dimension))
    }

    /// A range along one dimension; shares the elements.
    public func narrow(_ dimension: Int, _ range: Range<Int>) -> Tensor {
        ATen.narrow.call(
            .tensor(self), .int(dimension), .int(range.lowerBound), .int(range.count))
    }

    /// The slices at `indices` along one dimension, copied.
    public func select(_ dimension: Int, _ indices: Tensor) -> Tensor {
        ATen.indexSelect.call(.tensor(self), .int(dimension), .tensor(indices))
    }

    /// Overwrites the slices at `indices` along one dimension, in place.
    ///
    /// - Parameters:
    ///   - dimension: the dimension.
    ///   - indices: int64, each at most once.
    ///   - slices: as many slices as there are indices.
    /// - Returns: the tensor itself.
    @discardableResult
    public func replace(_ dimension: Int, _ indices: Tensor, with slices: Tensor) -> Tensor {
        ATen.indexCopyInPlace.call(
            .tensor(self), .int(dimension), .tensor(indices), .tensor(slices))
        return self
    }

    /// Gathers elements by one index tensor per dimension, broadcast against each other.
    ///
    /// - Parameter indices: int64 tensors; nil takes a dimension whole. Where a whole dimension
    ///   stands between indexed ones, the indexed ones come first in the result, as in PyTorch.
    /// - Returns: the gathered elements, copied.
    public func gather(_ indices: [Tensor?]) -> Tensor {
        ATen.index.call(.tensor(self), .optionalTensors(indices))
    }

    /// Takes elements along one dimension, each place by its own index.
    ///
    /// - Parameters:
    ///   - dimension: the dimension.
    ///   - indices: int64, of the result's shape.
    /// - Returns: a tensor of the shape of `indices`.
    public func take(along dimension: Int, _ indices: Tensor) -> Tensor {
        ATen.gather.call(.tensor(self), .int(dimension), .tensor(indices), .bool(false))
    }

    /// The matrix with rows and columns exchanged, or a batch of them; shares the elements.
    public var transposed: Tensor {
        let rank = rank
        return permute(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// Surrounds the last two dimensions with `value`.
    ///
    /// - Parameters:
    ///   - margin: how many elements on each of the four sides.
    ///   - value: what they hold.
    /// - Returns: a larger tensor.
    public func padded(_ margin: Int, value: Double = 0) -> Tensor {
        ATen.pad.call(.tensor(self), .ints([margin, margin, margin, margin]), .double(value))
    }

    /// Appends elements of `value` to the rows and columns, which are the last two dimensions.
    ///
    /// - Parameters:
    ///   - right: how many columns more.
    ///   - bottom: how many rows more.
    ///   - value: what they hold.
    /// - Returns: a larger tensor.
    public func padded(right: Int, bottom: Int, value: Double = 0) -> Tensor {
        ATen.pad.call(.tensor(self), .ints([0, right, 0, bottom]), .double(value))
    }

    /// Joins tensors along a dimension.
    public static func concatenate(_ tensors: [Tensor], dimension: Int = 0) -> Tensor {
        ATen.cat.call(.tensors(tensors), .int(dimension))
    }

    /// Joins tensors of one shape along a new dimension.
    public static func stack(_ tensors: [Tensor], dimension: Int = 0) -> Tensor {
        ATen.stack.call(.tensors(tensors), .int(dimension))
    }

    /// Another type of elements; the same tensor where it has it already.
    public func to(_ dtype: DType) -> Tensor {
        ATen.to.call(.tensor(self), .dtype(dtype), .bool(false), .bool(false), .none)
    }

    /// The elements on another device; the same tensor where it is there already.
    public func to(_ device: Device) -> Tensor {
        if device != .meta { requireElements("to") }
        return ATen.toDevice.call(
            .tensor(self), .device(device), .dtype(dtype), .bool(false), .bool(false), .none)
    }

    /// The elements densely in the order of `format`; the same tensor where they are so already.
    public func contiguous(_ format: MemoryFormat = .contiguous) -> Tensor {
        ATen.contiguous.call(.tensor(self), .format(format))
    }

    /// A copy with its own elements.
    public func clone() -> Tensor { ATen.clone.call(.tensor(self), .none) }

    /// The same elements, cut off from the recorded graph.
    public func detach() -> Tensor { ATen.detach.call(.tensor(self)) }

    /// Makes this tensor hold the elements of `other`, of whatever type, device or layout.
    ///
    /// Every reference on this tensor sees the change; a gradient is kept.
    public func replaceData(with other: Tensor) {
        ATen.setData.perform(.tensor(self), .tensor(other))
    }
}
