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
    (0..<count).map { hashed(key, at: $0) }
}

/// One number of a sequence.
@inline(__always)
private func hashed(_ key: Int, at index: Int) -> Double {
    var x = (UInt64(key) << 32) &+ UInt64(index) &+ 0x9E37_79B9_7F4A_7C15
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    x ^= x >> 31
    return Double(x >> 40) / Double(1 << 23) - 1
}

/// The first numbers of a sequence, moved and stretched, in float32.
private func hashedFloats(
    _ key: Int, count: Int, offset: Double = 0, scale: Double
) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, written in
        for index in 0..<count {
            buffer.initializeElement(at: index, to: Float(offset + scale * hashed(key, at: index)))
        }
        written = count
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
        let numbers = hashedFloats(key, count: shape.reduce(1, *), scale: scale)
        return Tensor(numbers, shape: shape).to(dtype)
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
            let (offset, scale) =
                if shape.count >= 2 {
                    (0.0, (6 / (Double(count) / Double(shape[0]))).squareRoot())
                } else if entry.name.hasSuffix("running_var") {
                    (1, 0.2)
                } else if entry.name.hasSuffix("weight") {
                    (1, 0.1)
                } else {
                    (0, 0.1)
                }
            let values = hashedFloats(
                base + position, count: count, offset: offset, scale: scale)
            withoutGrad {
                _ = entry.tensor.copy(from: Tensor(values, shape: shape))
            }
        }
    }
}
