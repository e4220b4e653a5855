/// What stands for a tensor in the files of golden values; a short one has only `l2` and `dot`.
public struct Summary: Decodable, Sendable {
    /// The shape of the tensor.
    public let shape: [Int]?

    /// The mean of the absolute values.
    public let absmean: Double?

    /// The square root of the sum of squares.
    public let l2: Double

    /// The inner product with `hashed(9, count)`, so that order and signs count.
    public let dot: Double

    /// The first eight elements.
    public let first: [Double]?

    /// One size of the shape, 0 where it has none.
    public func size(_ dimension: Int) -> Int {
        shape.map { $0.indices.contains(dimension) ? $0[dimension] : 0 } ?? 0
    }
}

/// A tensor of hashed numbers in the files of golden values.
public struct Filled: Decodable, Sendable {
    /// The name of the sequence.
    public let key: Int

    /// The shape of the tensor.
    public let shape: [Int]

    /// What the numbers are multiplied by; 1 where nothing is said.
    public let scale: Double?

    /// Describes a tensor.
    public init(key: Int, shape: [Int], scale: Double? = nil) {
        self.key = key
        self.shape = shape
        self.scale = scale
    }
}
