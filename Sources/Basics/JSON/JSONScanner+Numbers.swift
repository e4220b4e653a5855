extension JSONScanner {
    /// Reads a number.
    package mutating func number(
        _ expected: @autoclosure () -> String = "a number"
    ) throws(JSONError) -> JSONNumber {
        skipSpaces()
        let start = offset
        var decimal = Decimal64()
        guard let isWhole = skipNumber(into: &decimal) else {
            if start == offset, let special = specialNumber() { return .fraction(special) }
            throw unexpected(expected(), at: offset)
        }
        let isNegative = bytes[start] == UInt8(ascii: "-")
        if isWhole, !decimal.isCut {
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

    /// Moves past a number and takes its digits and exponent in.
    ///
    /// - Returns: whether it has neither fraction nor exponent; nil where what stands there is no number, and then the
    ///   offset is that of the first byte that fits none.
    mutating func skipNumber(into decimal: inout Decimal64) -> Bool? {
        let start = offset
        if peek == UInt8(ascii: "-") { offset += 1 }
        // No number but 0 itself begins with 0.
        if peek == UInt8(ascii: "0") {
            offset += 1
        } else if !skipDigits({ decimal.append($0, isFraction: false) }) {
            if offset == start + 1, bytes.count > offset, bytes[offset] == UInt8(ascii: "I") {
                offset = start
            }
            return nil
        }
        var isWhole = true
        if peek == UInt8(ascii: ".") {
            offset += 1
            isWhole = false
            guard skipDigits({ decimal.append($0, isFraction: true) }) else { return nil }
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            offset += 1
            isWhole = false
            let isNegative = peek == UInt8(ascii: "-")
            if isNegative || peek == UInt8(ascii: "+") { offset += 1 }
            var exponent = 0
            guard skipDigits({ exponent = min(exponent * 10 + Int($0), 1 << 20) }) else {
                return nil
            }
            decimal.exponent += isNegative ? -exponent : exponent
        }
        return isWhole
    }

    @inline(__always) private mutating func skipDigits(_ take: (UInt8) -> Void) -> Bool {
        let start = offset
        while offset < bytes.count {
            let digit = bytes[offset] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            take(digit)
            offset += 1
        }
        return offset > start
    }

    /// Reads what Python's JSON has for numbers that are not finite.
    mutating func specialNumber() -> Double? {
        if skip(word: "NaN") { return .nan }
        if skip(word: "Infinity") { return .infinity }
        if skip(word: "-Infinity") { return -.infinity }
        return nil
    }
}
