/// The parts of SplitMix64.
///
/// Reference: Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014.
package enum SplitMix64 {
    /// The golden ratio's fraction in 64 bits: the step of the counter.
    package static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The finalizer: every bit of the result depends on every bit of the word.
    package static func finish(_ word: UInt64) -> UInt64 {
        var bits = word
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// Random numbers that are a function of a seed and a position: nothing to save, nothing shared.
package struct CounterRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the stream of some numbers, as seed, purpose and epoch.
    package init(_ numbers: UInt64...) {
        self.init(numbers: numbers)
    }

    /// Starts the stream of a list of numbers.
    package init(numbers: [UInt64]) {
        state = numbers.reduce(0) { Self.mix($0 ^ Self.mix($1)) }
    }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= SplitMix64.increment
        return SplitMix64.finish(state)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        SplitMix64.finish(value &+ SplitMix64.increment)
    }
}
