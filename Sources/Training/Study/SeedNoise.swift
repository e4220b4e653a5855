/// How far accuracies of one method scatter from seed to seed, learned from all methods of a table that
/// have several seeds, on the assumption that they scatter alike.
struct SeedNoise: Sendable, Equatable {
    /// The pooled sample deviation, in points.
    let deviation: Double

    /// How many deviations from means it rests on, less the means.
    let degreesOfFreedom: Int

    /// Learns from accuracies; nil where no method has two.
    ///
    /// - Parameter groups: the accuracies of each method, one per seed.
    init?(_ groups: [[Double]]) {
        let several = groups.filter { $0.count > 1 }
        degreesOfFreedom = several.reduce(0) { $0 + $1.count - 1 }
        guard degreesOfFreedom > 0 else { return nil }
        let squares = several.reduce(0) { sum, group in
            let deviation = Demo.Accuracies(group).std
            return sum + deviation * deviation * Double(group.count - 1)
        }
        deviation = (squares / Double(degreesOfFreedom)).squareRoot()
    }

    /// How far the difference of two methods' means may be from 0 by chance alone, in 19 of 20 cases:
    /// half of the 95 % confidence interval.
    ///
    /// - Parameter count: how many seeds each of the two means is of.
    /// - Returns: points.
    func halfWidth(seeds count: Int) -> Double {
        quantile * deviation * (2 / Double(count)).squareRoot()
    }

    /// The 97.5 % quantile of Student's distribution: exact to three digits up to ten degrees of
    /// freedom, beyond by Fisher's expansion around the normal one.
    ///
    /// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5 and table 26.10.
    private var quantile: Double {
        let exact = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
        ]
        if degreesOfFreedom <= exact.count { return exact[degreesOfFreedom - 1] }
        let share = 1 / Double(degreesOfFreedom)
        return 1.95996 + share * (2.37227 + share * (2.82249 + share * 2.55585))
    }
}
