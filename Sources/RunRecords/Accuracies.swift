/// Accuracies in percent, one per seed.
public struct Accuracies: Encodable, Sendable, Equatable {
    /// Over the seeds.
    public let mean: Double

    /// The sample standard deviation over the seeds, 0 for a single one.
    public let std: Double

    /// One per seed, in their order.
    public let values: [Double]

    /// Summarises values; there is at least one.
    package init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        self.values = values
        std = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    }
}
