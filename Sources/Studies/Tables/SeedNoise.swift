/// How far accuracies scatter that neither the method nor the seed explains, learned from all methods of
/// a table that have several seeds.
///
/// An accuracy is taken for a method's part plus a seed's part, which is common to all methods since one
/// seed means the same initial weights and batches, plus chance, which scatters alike everywhere.
struct SeedNoise: Sendable, Equatable {
    /// One accuracy.
    struct Value: Sendable, Hashable {
        let method: String
        let seed: Int
        let top1: Double
    }

    /// The deviation of chance, in points.
    let deviation: Double

    /// What is left of the number of accuracies once the parts are fitted.
    let degreesOfFreedom: Int

    /// Fits the parts by least squares; nil where nothing is left to learn from.
    ///
    /// - Parameter values: one for each method and seed at most.
    package init?(_ values: [Value]) {
        let counts = Dictionary(grouping: values, by: \.method).mapValues(\.count)
        let several = values.filter { counts[$0.method, default: 0] > 1 }
        let methods = Set(several.map(\.method)).count
        let seeds = Set(several.map(\.seed)).count
        degreesOfFreedom = several.count - methods - seeds + Self.islands(several)
        guard degreesOfFreedom > 0 else { return nil }
        // Taking means away in turn comes to the least squares' residuals.
        var residuals = several.map(\.top1)
        for _ in 0..<200 {
            Self.takeMeans(of: &residuals, by: several.map(\.method))
            Self.takeMeans(of: &residuals, by: several.map(\.seed))
        }
        let squares = residuals.reduce(0) { $0 + $1 * $1 }
        deviation = (squares / Double(degreesOfFreedom)).squareRoot()
    }

    private static func takeMeans<Key: Hashable>(of values: inout [Double], by keys: [Key]) {
        for places in Dictionary(grouping: values.indices, by: { keys[$0] }).values {
            let mean = places.reduce(0) { $0 + values[$1] } / Double(places.count)
            for place in places { values[place] -= mean }
        }
    }

    /// Into how many parts the methods fall that have no seed in common.
    private static func islands(_ values: [Value]) -> Int {
        var islands: [Set<Int>] = []
        for method in Dictionary(grouping: values, by: \.method).values {
            let seeds = Set(method.map(\.seed))
            let touched = islands.filter { !$0.isDisjoint(with: seeds) }
            islands.removeAll { !$0.isDisjoint(with: seeds) }
            islands.append(touched.reduce(seeds) { $0.union($1) })
        }
        return islands.count
    }

    /// How far the mean difference of two methods over common seeds may be from 0 by chance alone, in 19
    /// of 20 cases: half of the 95 % confidence interval.
    ///
    /// - Parameter count: the number of common seeds.
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
