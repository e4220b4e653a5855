extension Tensor {
    /// The sum of all elements.
    ///
    /// - Parameter dtype: the type to sum in; the tensor's own when left out.
    /// - Returns: a scalar.
    public func sum(dtype: DType? = nil) -> Tensor {
        ATen.sum.call(.tensor(self), dtype.map(Argument.dtype) ?? .none)
    }

    /// The sum along some dimensions.
    public func sum(_ dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
        ATen.sumDimensions.call(
            .tensor(self), .ints(dimensions), .bool(keepDimensions), .none)
    }

    /// The mean of all elements.
    public func mean() -> Tensor { ATen.mean.call(.tensor(self), .none) }

    /// The mean along some dimensions.
    public func mean(_ dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
        ATen.meanDimensions.call(
            .tensor(self), .ints(dimensions), .bool(keepDimensions), .none)
    }

    /// The largest element.
    public func max() -> Tensor { ATen.max.call(.tensor(self)) }

    /// Whether every element is true, or not zero.
    public func all() -> Tensor { ATen.all.call(.tensor(self)) }

    /// The index of the largest element along a dimension.
    public func argmax(_ dimension: Int) -> Tensor {
        ATen.argmax.call(.tensor(self), .int(dimension), .bool(false))
    }

    /// The indices of the `count` largest elements along a dimension, largest first.
    public func topIndices(_ count: Int, dimension: Int = -1) -> Tensor {
        ATen.topk.call(
            results: 2, .tensor(self), .int(count), .int(dimension), .bool(true), .bool(true))[1]
    }

    /// The logarithm of the sum of exponentials along a dimension.
    public func logSumExp(_ dimension: Int, keepDimensions: Bool = false) -> Tensor {
        ATen.logSumExp.call(.tensor(self), .ints([dimension]), .bool(keepDimensions))
    }

    /// The Euclidean norm along dimensions; its gradient is 0 where it is 0.
    public func norm(_ dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
        ATen.vectorNorm.call(
            .tensor(self), .double(2), .ints(dimensions), .bool(keepDimensions), .none)
    }

    /// The elements divided by their Euclidean norm along a dimension, or by 10⁻¹² where that is
    /// smaller.
    public func normalized(_ dimension: Int) -> Tensor {
        self / norm([dimension], keepDimensions: true).clamped(atLeast: 1e-12)
    }

    /// The sum of the squares of all elements, in one pass.
    public func sumOfSquares() -> Tensor {
        let norm = ATen.vectorNorm.call(
            .tensor(self), .double(2), .none, .bool(false), .none)
        return norm * norm
    }
}
