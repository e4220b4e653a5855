import CImage

/// How much of each source pixel goes into each result along one side, as Pillow's bilinear filter has it.
///
/// The filter is a triangle that widens where a picture shrinks. Weights are integers with 22 fractional bits, and a
/// result is their sum with half of a unit added, so that every machine gives the same bytes.
final class ResizeWeights {
    /// What the weights depend on.
    struct Key: Hashable {
        /// The number of source pixels.
        var length: Int
        /// Where the part that becomes the results begins.
        var start: Float
        /// Where it ends.
        var end: Float
        /// The number of results of the whole part.
        var count: Int
        /// The results that are wanted.
        var wanted: Range<Int>
        /// Whether the last of them comes first.
        var isReversed = false

        /// All of a side becomes `count` pixels.
        static func all(
            _ length: Int, to count: Int, wanted: Range<Int>? = nil, isReversed: Bool = false
        )
            -> Key
        {
            Key(
                length: length, start: 0, end: Float(length), count: count,
                wanted: wanted ?? 0..<count, isReversed: isReversed)
        }

        /// Whether the result is the source.
        var isIdentity: Bool {
            length == count && start == 0 && end == Float(length) && wanted == 0..<count
                && !isReversed
        }
    }

    /// The source pixels that the wanted results use.
    ///
    /// The tables count from the first of them.
    let needed: Range<Int>
    /// The number of results.
    let count: Int
    private let taps: Int
    private let first: [Int32]
    private let high: [Int16]
    private let low: [Int16]

    /// The number of bytes that it takes.
    var bytes: Int { 4 * (first.count + high.count) }

    /// Computes the weights.
    init(_ key: Key) {
        let lists = key.wanted.map { Self.weights(of: $0, key) }
        let lower = lists.map(\.first).min() ?? 0
        let upper = lists.map { $0.first + $0.weights.count }.max() ?? 1
        needed = lower..<upper
        count = lists.count
        // The kernels take two weights at once, and must not go far beyond the last pixel.
        let most = lists.map(\.weights.count).max() ?? 1
        taps = most + most % 2
        var first = [Int32](repeating: 0, count: count)
        var high = [Int16](repeating: 0, count: count * taps)
        var low = high
        for (index, list) in lists.enumerated() {
            let place = key.isReversed ? count - 1 - index : index
            let start = max(0, min(list.first - lower, needed.count - taps))
            first[place] = Int32(start)
            let offset = place * taps + list.first - lower - start
            for (tap, weight) in list.weights.enumerated() {
                high[offset + tap] = Int16(weight >> 11)
                low[offset + tap] = Int16(weight & 2047)
            }
        }
        self.first = first
        self.high = high
        self.low = low
    }

    /// Hands the tables to a kernel.
    func withTables(_ body: (ci_weights) -> Void) {
        first.withUnsafeBufferPointer { first in
            high.withUnsafeBufferPointer { high in
                low.withUnsafeBufferPointer { low in
                    body(
                        ci_weights(
                            first: first.baseAddress, high: high.baseAddress, low: low.baseAddress,
                            count: Int32(count), taps: Int32(taps)))
                }
            }
        }
    }

    /// The weights of one result, in the order of operations that Pillow has.
    private static func weights(of result: Int, _ key: Key) -> (first: Int, weights: [Int]) {
        let scale = Double(key.end - key.start) / Double(key.count)
        let radius = max(scale, 1)
        let centre = Double(key.start) + (Double(result) + 0.5) * scale
        let first = max(0, Int(centre - radius + 0.5))
        let end = min(key.length, Int(centre + radius + 0.5))
        let heights = (first..<end).map { pixel in
            max(0, 1 - abs((Double(pixel) - centre + 0.5) * (1 / radius)))
        }
        let sum = heights.reduce(0, +)
        let unit = Double(1 << 22)
        return (first, heights.map { Int((sum == 0 ? $0 : $0 / sum) * unit + 0.5) })
    }
}

/// Tables that were needed before, up to a size.
struct ResizeTables {
    private var tables: [ResizeWeights.Key: ResizeWeights] = [:]
    private var bytes = 0

    /// The weights of a key, computed where they are not there.
    mutating func weights(_ key: ResizeWeights.Key) -> ResizeWeights {
        if let known = tables[key] { return known }
        let made = ResizeWeights(key)
        if bytes > 16 << 20 {
            tables.removeAll(keepingCapacity: true)
            bytes = 0
        }
        bytes += made.bytes
        tables[key] = made
        return made
    }
}
