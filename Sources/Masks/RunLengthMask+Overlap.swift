extension RunLengthMask {
    /// How many pixels are inside of both masks.
    ///
    /// - Precondition: the masks have one size.
    public func intersection(with other: RunLengthMask) -> Int {
        precondition(
            height == other.height && width == other.width,
            "RunLengthMask: masks of two sizes; \(height) × \(width) and \(other.height) × \(other.width)"
        )
        return counts.withUnsafeBufferPointer { first in
            other.counts.withUnsafeBufferPointer { Self.intersection(first, $0) }
        }
    }

    /// The intersection over the union of two masks, from 0 to 1; 0 where both are empty.
    ///
    /// - Precondition: the masks have one size.
    public func intersectionOverUnion(with other: RunLengthMask) -> Double {
        let common = intersection(with: other)
        return common == 0 ? 0 : Double(common) / Double(area + other.area - common)
    }

    /// How many pixels are inside of two masks of one size.
    package static func intersection(
        _ first: UnsafeBufferPointer<UInt32>, _ second: UnsafeBufferPointer<UInt32>
    ) -> Int {
        guard first.count > 1, second.count > 1 else { return 0 }
        var (i, j) = (1, 1)
        // The run of each mask that is looked at: its first pixel and the one behind its last.
        var (firstBegin, secondBegin) = (Int(first[0]), Int(second[0]))
        var (firstEnd, secondEnd) = (firstBegin + Int(first[1]), secondBegin + Int(second[1]))
        var common = 0
        while true {
            common += max(0, min(firstEnd, secondEnd) - max(firstBegin, secondBegin))
            if firstEnd <= secondEnd {
                i += 2
                guard i < first.count else { return common }
                firstBegin = firstEnd + Int(first[i - 1])
                firstEnd = firstBegin + Int(first[i])
            } else {
                j += 2
                guard j < second.count else { return common }
                secondBegin = secondEnd + Int(second[j - 1])
                secondEnd = secondBegin + Int(second[j])
            }
        }
    }
}
