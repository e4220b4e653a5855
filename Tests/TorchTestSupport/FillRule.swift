import Torch
import TorchNN

/// Pseudo-random numbers in [−1, 1) that any language can rebuild.
///
/// The rule of the golden values: SplitMix64's finalizer on a counter, its upper 24 bits taken.
///
/// - Parameters:
///   - key: names the sequence.
///   - count: how many numbers.
/// - Returns: the first `count` numbers of the sequence.
public func hashed(_ key: Int, count: Int) -> [Double] {
    (0..<UInt64(count)).map { index in
        var x = (UInt64(key) << 32) &+ index &+ 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        x ^= x >> 31
        return Double(x >> 40) / Double(1 << 23) - 1
    }
}

extension Tensor {
    /// A tensor of hashed numbers, made in float32 and then widened.
    ///
    /// - Parameters:
    ///   - key: names the sequence of numbers.
    ///   - shape: the shape, filled row major.
    ///   - scale: what the numbers are multiplied by.
    ///   - dtype: the type of the result.
    /// - Returns: the tensor.
    public static func hashed(
        _ key: Int, shape: [Int], scale: Double = 1, dtype: DType = .float64
    ) -> Tensor {
        let numbers = TorchTestSupport.hashed(key, count: shape.reduce(1, *))
        return Tensor(numbers.map { Float($0 * scale) }, shape: shape).to(dtype)
    }
}

extension Array where Element == NamedTensor {
    /// The state without counters of seen batches, in the order of code points.
    public var sortedForFill: [NamedTensor] {
        filter { !$0.name.hasSuffix("num_batches_tracked") }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Overwrites a state dict with hashed weights whose sizes suit a network.
    ///
    /// - Parameter base: the key of the first tensor in sorted order.
    public func fillWithHash(base: Int) {
        for (position, entry) in sortedForFill.enumerated() {
            let shape = entry.tensor.shape
            let count = entry.tensor.count
            let values = hashed(base + position, count: count).map { value in
                if shape.count >= 2 {
                    value * (6 / (Double(count) / Double(shape[0]))).squareRoot()
                } else if entry.name.hasSuffix("running_var") {
                    1 + 0.2 * value
                } else if entry.name.hasSuffix("weight") {
                    1 + 0.1 * value
                } else {
                    0.1 * value
                }
            }
            withoutGrad {
                _ = entry.tensor.copy(from: Tensor(values.map(Float.init), shape: shape))
            }
        }
    }
}
