extension Tensor {
    /// The sum of all elements, whose last bits do not depend on the number of threads.
    ///
    /// LibTorch cuts a sum over everything into as many parts as there are threads, but one that leaves a
    /// dimension into none: each of its results is added up by one thread.
    ///
    /// - Parameter dtype: the type to sum in; the tensor's own when left out.
    /// - Returns: a scalar.
    public func sum(dtype: DType? = nil) -> Tensor {
        let type = dtype.map(OperatorArgument.dtype) ?? .none
        guard device == .cpu, count >= Self.smallestSharedSum else {
            return ATen.sum.call(.tensor(self), type)
        }
        if shape.count > 1 {
            return ATen.sumDimensions.call(
                .tensor(self), .ints(allButLongest), .bool(false), type
            ).sum(dtype: dtype)
        }
        let rows = 256
        let length = count / rows
        let head = narrow(0, 0..<(rows * length)).reshape([rows, length])
        let sum = ATen.sumDimensions.call(.tensor(head), .ints([1]), .bool(false), type)
            .sum(dtype: dtype)
        guard rows * length < count else { return sum }
        return sum + narrow(0, (rows * length)..<count).sum(dtype: dtype)
    }

    /// Every dimension but the longest one.
    private var allButLongest: [Int] {
        let longest = shape.indices.max { shape[$0] < shape[$1] } ?? 0
        return shape.indices.filter { $0 != longest }
    }

    /// How many elements LibTorch adds up on one thread at most (`at::internal::GRAIN_SIZE`).
    private static let smallestSharedSum = 32768

    /// The sum along some dimensions.
    public func sum(_ dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
        ATen.sumDimensions.call(
            .tensor(self), .ints(dimensions), .bool(keepDimensions), .none)
    }

    /// The mean of all elements, whose last bits do not depend on the number of threads.
    public func mean() -> Tensor {
        guard device == .cpu, count >= Self.smallestSharedSum else {
            return ATen.mean.call(.tensor(self), .none)
        }
        return sum() / Double(count)
    }

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

    /// The sum of the squares of all elements, in one pass; its last bits do not depend on the number of threads.
    public func sumOfSquares() -> Tensor {
        if device == .cpu, count >= Self.smallestSharedSum, shape.count > 1 {
            let norms = norm(allButLongest)
            return (norms * norms).sum()
        }
        let norm = ATen.vectorNorm.call(
            .tensor(self), .double(2), .none, .bool(false), .none)
        return norm * norm
    }
}
