extension JSONScanner {
    /// A number as it is written.
    struct WrittenNumber {
        /// All digits before the exponent as an integer, which overflows where they are more than 19.
        var digits: UInt64 = 0

        /// How many digits there are before the exponent, and how many of those behind the point.
        var digitCount = 0
        var fractionCount = 0

        /// The exponent.
        var exponent = 0

        /// Whether there is neither a fraction nor an exponent.
        var isWhole = true
    }

    /// Reads a number.
    package mutating func number(
        _ expected: @autoclosure () -> String = "a number"
    ) throws(JSONError) -> JSONNumber {
        skipSpaces()
        let start = offset
        guard let written = skipNumber() else {
            if start == offset, let special = specialNumber() { return .fraction(special) }
            throw unexpected(expected(), at: offset)
        }
        let isNegative = bytes[start] == UInt8(ascii: "-")
        // Nineteen digits always fit.
        let decimal =
            written.digitCount <= 19
            ? Decimal64(digits: written.digits, exponent: written.exponent - written.fractionCount)
            : Decimal64(bytes[start..<offset], exponent: written.exponent)
        if written.isWhole, !decimal.isCut {
            // The magnitude of the least `Int` is one more than that of the greatest.
            if isNegative, decimal.digits <= 1 << 63 {
                return .whole(Int(truncatingIfNeeded: 0 &- decimal.digits))
            }
            if !isNegative, decimal.digits <= UInt64(Int.max) {
                return .whole(Int(decimal.digits))
            }
        }
        if let nearest = decimal.nearest { return .fraction(isNegative ? -nearest : nearest) }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let number = Double(text) else { throw unexpected(expected(), at: start) }
        return .fraction(number)
    }

    /// Reads an integer from zero up to the greatest `Int`, without a fraction or exponent.
    package mutating func natural() throws(JSONError) -> Int {
        skipSpaces()
        let start = offset
        guard case .whole(let number) = try number(), number >= 0 else {
            throw unexpected("an integer from 0 to \(Int.max)", at: start)
        }
        return number
    }

    /// Moves past a number.
    ///
    /// - Returns: how it is written; nil where what stands there is no number, and then the offset is that of the first byte
    ///   that fits none.
    mutating func skipNumber() -> WrittenNumber? {
        var written = WrittenNumber()
        let start = offset
        if peek == UInt8(ascii: "-") { offset += 1 }
        let digitStart = offset
        // No number but 0 itself begins with 0.
        if peek == UInt8(ascii: "0") {
            offset += 1
        } else {
            skipDigits(into: &written.digits)
            guard offset > digitStart else {
                // The sign may be that of Infinity.
                if peek == UInt8(ascii: "I") { offset = start }
                return nil
            }
        }
        written.digitCount = offset - digitStart
        if peek == UInt8(ascii: ".") {
            offset += 1
            let fractionStart = offset
            skipDigits(into: &written.digits)
            guard offset > fractionStart else { return nil }
            written.fractionCount = offset - fractionStart
            written.digitCount += written.fractionCount
            written.isWhole = false
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            guard let exponent = exponent() else { return nil }
            written.exponent = exponent
            written.isWhole = false
        }
        return written
    }

    /// Moves past an exponent; one beyond all numbers stays beyond them.
    private mutating func exponent() -> Int? {
        offset += 1
        let isNegative = peek == UInt8(ascii: "-")
        if isNegative || peek == UInt8(ascii: "+") { offset += 1 }
        let start = offset
        var digits: UInt64 = 0
        skipDigits(into: &digits)
        guard offset > start else { return nil }
        // Zeros may precede what counts.
        let count = bytes[start..<offset].drop { $0 == UInt8(ascii: "0") }.count
        let magnitude = count > 9 ? 1_000_000_000 : Int(digits)
        return isNegative ? -magnitude : magnitude
    }

    @inline(__always) private mutating func skipDigits(into digits: inout UInt64) {
        while offset < bytes.count {
            let digit = bytes[offset] &- UInt8(ascii: "0")
            guard digit <= 9 else { return }
            digits = digits &* 10 &+ UInt64(digit)
            offset += 1
        }
    }

    /// Reads what Python's JSON has for numbers that are not finite.
    mutating func specialNumber() -> Double? {
        if skip(word: "NaN") { return .nan }
        if skip(word: "Infinity") { return .infinity }
        if skip(word: "-Infinity") { return -.infinity }
        return nil
    }
}
