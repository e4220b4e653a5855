/// The median of several turns, and how far they lie apart.
public struct Spread: Equatable, Sendable {
    /// The middle value, or the mean of the two in the middle.
    public let median: Double

    /// The smallest value.
    public let minimum: Double

    /// The largest value.
    public let maximum: Double

    /// How many values there are.
    public let count: Int

    /// Sums up values; nothing for none.
    public init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        median =
            sorted.count % 2 == 1
            ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        minimum = first
        maximum = last
        count = sorted.count
    }

    /// The same turns in a unit that is `factor` times smaller.
    func scaled(by factor: Double) -> Spread {
        Spread(
            median: median * factor, minimum: minimum * factor, maximum: maximum * factor,
            count: count)
    }

    private init(median: Double, minimum: Double, maximum: Double, count: Int) {
        self.median = median
        self.minimum = minimum
        self.maximum = maximum
        self.count = count
    }
}
