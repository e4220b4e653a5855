/// Comparing, choosing, sorting and counting elements.
extension Tensor {
    /// Where an element exceeds another tensor's, with broadcasting.
    public func isGreater(than other: Tensor) -> Tensor {
        ATen.gtTensor.call(.tensor(self), .tensor(other))
    }

    /// Where an element is a number or above it.
    public func isAtLeast(_ value: Double) -> Tensor {
        ATen.geScalar.call(.tensor(self), .double(value))
    }

    /// Where an element is another tensor's or above it, with broadcasting.
    public func isAtLeast(_ other: Tensor) -> Tensor {
        ATen.geTensor.call(.tensor(self), .tensor(other))
    }

    /// Where an element is below a number.
    public func isLess(than value: Double) -> Tensor {
        ATen.ltScalar.call(.tensor(self), .double(value))
    }

    /// Where both tensors are true, with broadcasting.
    public func and(_ other: Tensor) -> Tensor {
        ATen.logicalAnd.call(.tensor(self), .tensor(other))
    }

    /// Where one of two tensors is true, with broadcasting.
    public func or(_ other: Tensor) -> Tensor {
        ATen.logicalOr.call(.tensor(self), .tensor(other))
    }

    /// Where the tensor is false.
    public func not() -> Tensor { ATen.logicalNot.call(.tensor(self)) }

    /// Elements of one tensor where a condition holds, of another one elsewhere, with broadcasting.
    ///
    /// - Parameters:
    ///   - condition: truth values.
    ///   - yes: what is taken where it is true.
    ///   - no: what is taken where it is false; of the type of `yes`.
    /// - Returns: the chosen elements.
    public static func choose(_ condition: Tensor, _ yes: Tensor, _ no: Tensor) -> Tensor {
        ATen.where.call(.tensor(condition), .tensor(yes), .tensor(no))
    }

    /// The places of the elements of a tensor `[N]` that are true, or not zero: int64 `[K]`, rising.
    ///
    /// Waits for the device.
    public func nonzeroIndices() -> Tensor {
        precondition(rank == 1 || handle == nil, "nonzero: expected one dimension; \(shape)")
        return ATen.nonzero.call(.tensor(self)).reshape([-1])
    }

    /// The largest elements along a dimension, and where they are: the first place where several are.
    public func max(_ dimension: Int) -> (values: Tensor, indices: Tensor) {
        let found = ATen.maxDimension.call(
            results: 2, .tensor(self), .int(dimension), .bool(false))
        return (found[0], found[1])
    }

    /// The places of the elements along the last dimension in sorted order; equal ones keep theirs.
    ///
    /// - Parameter descending: whether the largest comes first. NaN counts as larger than any number.
    /// - Returns: int64, of this shape.
    public func sortedIndices(descending: Bool) -> Tensor {
        ATen.sortStable.call(
            results: 2, .tensor(self), .bool(true), .int(-1), .bool(descending))[1]
    }

    /// The sums of the elements up to each place along a dimension.
    public func cumulativeSum(_ dimension: Int = 0) -> Tensor {
        ATen.cumulativeSum.call(.tensor(self), .int(dimension), .none)
    }

    /// This tensor with elements added at places along a dimension, each place by its own index.
    ///
    /// - Parameters:
    ///   - dimension: the dimension.
    ///   - indices: int64, of the shape of `elements`; whole numbers give the same bits whatever their order.
    ///   - elements: of this tensor's type and of its shape but along the dimension.
    /// - Returns: the sums.
    public func addingAt(_ dimension: Int, _ indices: Tensor, _ elements: Tensor) -> Tensor {
        ATen.scatterAdd.call(.tensor(self), .int(dimension), .tensor(indices), .tensor(elements))
    }

    /// The number i as often as the element i of this int64 tensor `[N]` says: `[2, 0, 1]` gives
    /// `[0, 0, 2]`.
    ///
    /// Waits for the device.
    public func repeatedIndices() -> Tensor {
        ATen.repeatInterleave.call(.tensor(self), .none)
    }

    /// Weighted sums of rows of this table `[rows, width]`.
    ///
    /// - Parameters:
    ///   - indices: which row each entry takes, int64 `[entries]`.
    ///   - offsets: where each sum's entries begin, int64 `[sums]`; a sum without entries is 0.
    ///   - weights: what each entry is multiplied by, `[entries]`, of the table's type.
    /// - Returns: `[sums, width]`.
    public func weightedRowSums(indices: Tensor, offsets: Tensor, weights: Tensor) -> Tensor {
        ATen.embeddingBag.call(
            results: 4, .tensor(self), .tensor(indices), .tensor(offsets), .bool(false), .int(0),
            .bool(false), .tensor(weights), .bool(false))[0]
    }
}
