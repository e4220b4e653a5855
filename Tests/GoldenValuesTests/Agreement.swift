import Torch
import TorchNN
import TorchTestSupport

/// Compares values with golden ones and remembers how many there were and how far off the worst was.
///
/// Tolerances and what an error is relative to are those of the golden values' own description.
struct Agreement {
    static let tolerance = 1e-6

    private(set) var valueCount = 0
    private(set) var largestError = 0.0
    private(set) var disagreements: [String] = []

    /// Compares a number, relative to itself but at least to 1e-3.
    mutating func compare(_ name: String, _ found: Double, _ golden: Double) {
        compare(name, found, golden, scale: max(abs(golden), 1e-3))
    }

    /// Compares a tensor with its summary.
    mutating func compare(_ name: String, _ found: Tensor?, _ golden: Summary) {
        guard let found, found.shape == golden.shape else {
            let shape = found.map { "\($0.shape)" } ?? "no tensor"
            disagreements.append("\(name): found \(shape), expected \(golden.shape)")
            return
        }
        let values = withoutGrad { found.detach().to(.float64).elements(as: Double.self) }
        let absmean = values.reduce(0) { $0 + abs($1) } / Double(values.count)
        let l2 = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let dot = zip(values, hashed(9, count: values.count)).reduce(0) { $0 + $1.0 * $1.1 }
        let l2Scale = max(golden.l2, 1e-6)
        let meanScale = max(golden.absmean, 1e-6)
        compare("\(name) l2", l2, golden.l2, scale: l2Scale)
        compare("\(name) dot", dot, golden.dot, scale: l2Scale)
        compare("\(name) absmean", absmean, golden.absmean, scale: meanScale)
        for (index, value) in golden.first.enumerated() {
            compare("\(name)[\(index)]", values[index], value, scale: meanScale)
        }
    }

    /// Compares named tensors with summaries; both must have the same names.
    mutating func compare(_ name: String, _ found: [NamedTensor], _ golden: [String: Summary]) {
        compareNames(name, found.map(\.name), Array(golden.keys))
        for entry in found {
            if let summary = golden[entry.name] { compare(entry.name, entry.tensor, summary) }
        }
    }

    /// Compares lists of tensors, which must be equally long.
    mutating func compare(_ name: String, _ found: [Tensor], _ golden: [Summary]) {
        guard found.count == golden.count else {
            disagreements.append("\(name): found \(found.count), expected \(golden.count)")
            return
        }
        for (index, pair) in zip(found, golden).enumerated() {
            compare("\(name) \(index)", pair.0, pair.1)
        }
    }

    /// Compares exact things, which count as one value each.
    mutating func compareExactly<Value: Equatable>(_ name: String, _ found: Value, _ golden: Value)
    {
        valueCount += 1
        guard found != golden else { return }
        disagreements.append("\(name): found \(found), expected \(golden)")
    }

    mutating func compareNames(_ name: String, _ found: [String], _ golden: [String]) {
        let odd = Set(found).symmetricDifference(golden).sorted()
        guard !odd.isEmpty else { return }
        disagreements.append("\(name): names on one side only: \(odd.joined(separator: ", "))")
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
