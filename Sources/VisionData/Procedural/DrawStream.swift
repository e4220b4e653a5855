import Basics

/// An endless sequence of random numbers that depends on nothing but the words it is keyed with.
///
/// Each number is a hash of the key and a counter, so that an image's numbers neither depend on the
/// images drawn before it nor on how many of them other images used.
struct DrawStream {
    private let key: UInt64
    private var counter: UInt64 = 0

    init(keyedBy words: UInt64...) {
        key = words.reduce(0) {
            SplitMix64.finish($0 ^ SplitMix64.finish($1 &+ SplitMix64.increment))
        }
    }

    /// The next 64 random bits.
    mutating func bits() -> UInt64 {
        counter &+= SplitMix64.increment
        return SplitMix64.finish(key &+ counter)
    }

    /// The next number in [0, 1), a multiple of 2⁻⁵³.
    mutating func unit() -> Double {
        Double(bits() >> 11) * 0x1p-53
    }

    mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + unit() * (range.upperBound - range.lowerBound)
    }

    mutating func integer(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(bits() >> 32) % range.count
    }

    /// A bell-shaped number with mean 0 and variance 1: the normalised sum of four uniform ones.
    mutating func bell() -> Double {
        let word = bits()
        let sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48)
        return (Double(sum) * 0x1p-16 - 2) * Self.bellScale
    }

    /// √3, as the sum of four uniform numbers has variance 4/12.
    private static let bellScale = 3.0.squareRoot()
}
