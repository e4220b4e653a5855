/// A number of JSON as it was written: whole, or with a fraction, an exponent or too many digits for an integer.
package enum JSONNumber: Equatable {
    case whole(Int)
    case fraction(Double)

    /// The nearest `Double`.
    package var value: Double {
        switch self {
        case .whole(let number): Double(number)
        case .fraction(let number): number
        }
    }

    /// The number as an integer, as 100.0 is one.
    ///
    /// It is nil where it is none, or none that an `Int` holds.
    package var integer: Int? {
        switch self {
        case .whole(let number): number
        case .fraction(let number): Int(exactly: number)
        }
    }
}

/// A decimal number as its digits and a power of ten.
struct Decimal64 {
    /// The digits as an integer.
    private(set) var digits: UInt64

    /// The power of ten that they are multiplied by.
    private(set) var exponent: Int

    /// Whether digits were left out because 64 bits do not hold them.
    private(set) var isCut = false

    /// Takes digits that are read.
    init(digits: UInt64, exponent: Int) {
        self.digits = digits
        self.exponent = exponent
    }

    /// Takes the first nineteen digits that count of a number's bytes.
    init(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, exponent: Int) {
        self.init(digits: 0, exponent: exponent)
        var count = 0
        var isFraction = false
        for byte in bytes {
            let digit = byte &- UInt8(ascii: "0")
            if byte | 0x20 == UInt8(ascii: "e") { return }
            isFraction = isFraction || byte == UInt8(ascii: ".")
            guard digit <= 9 else { continue }
            if count == 19 {
                isCut = true
                if !isFraction { self.exponent += 1 }
                continue
            }
            digits = digits * 10 + UInt64(digit)
            if digits != 0 { count += 1 }
            if isFraction { self.exponent -= 1 }
        }
    }

    /// The nearest `Double`; nil where this way of computing it does not reach.
    ///
    /// It takes few steps and is exact. Either both the digits and the power of ten are exact as `Double`, and one
    /// operation rounds. Or a division of integers gives 63 bits of the quotient, and one more that says whether there is a
    /// rest, which together round as the quotient itself would.
    var nearest: Double? {
        guard !isCut else { return nil }
        guard digits != 0 else { return 0 }
        if digits <= 1 << 53, (-22...22).contains(exponent) {
            let power = Self.powers[abs(exponent)]
            return exponent < 0 ? Double(digits) / power : Double(digits) * power
        }
        guard exponent != 0 else { return Double(digits) }
        guard (-19..<0).contains(exponent) else { return nil }
        let divisor = Self.integerPowers[-exponent]
        let (digitShift, divisorShift) = (digits.leadingZeroBitCount, divisor.leadingZeroBitCount)
        let dividend = digits << digitShift
        let (quotient, rest) = (divisor << divisorShift).dividingFullWidth(
            (dividend >> 1, dividend << 63))
        let rounded = Double(quotient | (rest == 0 ? 0 : 1))
        return rounded * Self.powerOfTwo(divisorShift - digitShift - 63)
    }

    private static func powerOfTwo(_ exponent: Int) -> Double {
        Double(bitPattern: UInt64(1023 + exponent) << 52)
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    private static let integerPowers: [UInt64] = (0...19).map {
        (0..<$0).reduce(1) { power, _ in power * 10 }
    }
}
