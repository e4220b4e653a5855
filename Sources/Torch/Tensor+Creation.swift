extension Tensor {
    /// A tensor whose elements all have one value.
    ///
    /// - Parameters:
    ///   - shape: the shape; `[]` for a scalar.
    ///   - value: the value.
    ///   - dtype: the type of the elements.
    ///   - device: where it lives.
    /// - Returns: the tensor.
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .ofNewTensors
    ) -> Tensor {
        ATen.full.call(
            .ints(shape), .double(value), .dtype(dtype), .none, .device(device), .none)
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .ofNewTensors
    ) -> Tensor {
        full(shape, 0, dtype: dtype, device: device)
    }

    /// A tensor of ones.
    public static func ones(
        _ shape: [Int], dtype: DType = .float32, device: Device = .ofNewTensors
    ) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    /// A tensor whose elements are whatever the memory held.
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .ofNewTensors,
        format: MemoryFormat = .contiguous
    ) -> Tensor {
        ATen.empty.call(
            .ints(shape), .dtype(dtype), .none, .device(device), .none, .format(format))
    }

    /// The integers of a range.
    public static func arange(_ range: Range<Int>, device: Device = .ofNewTensors) -> Tensor {
        ATen.arange.call(
            .int(range.lowerBound), .int(range.upperBound), .dtype(.int64), .none,
            .device(device), .none)
    }

    /// Fills the tensor with draws from a normal distribution; one on `.meta` has nothing to fill, and nothing is
    /// drawn.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func fillNormal(
        mean: Double = 0, deviation: Double = 1, generator: Generator
    ) -> Tensor {
        guard device != .meta else { return self }
        ATen.normalInPlace.call(
            .tensor(self), .double(mean), .double(deviation), .generator(generator))
        return self
    }

    /// Fills the tensor with draws from a uniform distribution; one on `.meta` has nothing to fill, and nothing
    /// is drawn.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func fillUniform(in range: Range<Double>, generator: Generator) -> Tensor {
        guard device != .meta else { return self }
        ATen.uniformInPlace.call(
            .tensor(self), .double(range.lowerBound), .double(range.upperBound),
            .generator(generator))
        return self
    }
}
