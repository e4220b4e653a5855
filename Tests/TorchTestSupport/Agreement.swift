import Torch
import TorchNN

/// Compares values with golden ones and remembers how many there were and how far off the worst was.
///
/// Tolerances and what an error is relative to are those of the golden values' own description.
public struct Agreement {
    /// The largest relative error that counts as agreement.
    public static let tolerance = 1e-6

    /// How many values were compared.
    public private(set) var valueCount = 0

    /// The largest relative error among them.
    public private(set) var largestError = 0.0

    /// What did not agree, a sentence each.
    public private(set) var disagreements: [String] = []

    /// What a file has and nothing is compared with.
    public var notCompared: [String] = []

    /// Starts without any value.
    public init() {}

    /// Compares a number, relative to itself but at least to 1e-3.
    public mutating func compare(_ name: String, _ found: Double, _ golden: Double) {
        compare(name, found, golden, scale: max(abs(golden), 1e-3))
    }

    /// Compares a tensor with its summary.
    public mutating func compare(_ name: String, _ found: Tensor?, _ golden: Summary) {
        guard let found, golden.shape == nil || found.shape == golden.shape else {
            let shape = found.map { "\($0.shape)" } ?? "no tensor"
            disagreements.append("\(name): found \(shape), expected \(golden.shape ?? [])")
            return
        }
        let values = withoutGrad { found.detach().to(.float64).elements(as: Double.self) }
        let l2 = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let dot = zip(values, hashed(9, count: values.count)).reduce(0) { $0 + $1.0 * $1.1 }
        let l2Scale = max(golden.l2, 1e-6)
        compare("\(name) l2", l2, golden.l2, scale: l2Scale)
        compare("\(name) dot", dot, golden.dot, scale: l2Scale)
        guard let goldenMean = golden.absmean else { return }
        let absmean = values.reduce(0) { $0 + abs($1) } / Double(values.count)
        let meanScale = max(goldenMean, 1e-6)
        compare("\(name) absmean", absmean, goldenMean, scale: meanScale)
        for (index, value) in (golden.first ?? []).enumerated() {
            compare("\(name)[\(index)]", values[index], value, scale: meanScale)
        }
    }

    /// Compares all elements of a tensor, relative to the mean of their absolute values.
    public mutating func compare(_ name: String, _ found: Tensor, _ golden: [Double]) {
        let values = withoutGrad { found.detach().to(.float64).elements(as: Double.self) }
        guard values.count == golden.count else {
            disagreements.append(
                "\(name): found \(values.count) numbers, expected \(golden.count)")
            return
        }
        let mean = golden.reduce(0) { $0 + abs($1) } / Double(max(golden.count, 1))
        for (index, value) in golden.enumerated() {
            compare("\(name)[\(index)]", values[index], value, scale: max(mean, 1e-6))
        }
    }

    /// Compares named tensors with summaries; both must have the same names.
    public mutating func compare(
        _ name: String, _ found: [NamedTensor], _ golden: [String: Summary]
    ) {
        compareNames(name, found.map(\.name), Array(golden.keys))
        for entry in found {
            if let summary = golden[entry.name] { compare(entry.name, entry.tensor, summary) }
        }
    }

    /// Compares lists of tensors, which must be equally long.
    public mutating func compare(_ name: String, _ found: [Tensor], _ golden: [Summary]) {
        guard found.count == golden.count else {
            disagreements.append("\(name): found \(found.count), expected \(golden.count)")
            return
        }
        for (index, pair) in zip(found, golden).enumerated() {
            compare("\(name) \(index)", pair.0, pair.1)
        }
    }

    /// Compares exact things, which count as one value each.
    public mutating func compareExactly<Value: Equatable>(
        _ name: String, _ found: Value, _ golden: Value
    ) {
        valueCount += 1
        guard found != golden else { return }
        disagreements.append("\(name): found \(found), expected \(golden)")
    }

    /// Compares names, whatever their order.
    public mutating func compareNames(_ name: String, _ found: [String], _ golden: [String]) {
        let odd = Set(found).symmetricDifference(golden).sorted()
        guard !odd.isEmpty else { return }
        disagreements.append("\(name): names on one side only: \(odd.joined(separator: ", "))")
    }

    /// Takes over what another one compared.
    public mutating func add(_ other: Agreement) {
        valueCount += other.valueCount
        largestError = max(largestError, other.largestError)
        disagreements += other.disagreements
    }

    private mutating func compare(
        _ name: String, _ found: Double, _ golden: Double, scale: Double
    ) {
        let error = abs(found - golden) / scale
        valueCount += 1
        largestError = max(largestError, error.isNaN ? .infinity : error)
        guard error <= Agreement.tolerance else {
            disagreements.append("\(name): found \(found), expected \(golden), error \(error)")
            return
        }
    }
}
