extension JSONScanner {
    /// The bytes of a string between its quotation marks.
    struct RawString {
        let bytes: Range<Int>
        let isEscaped: Bool
    }

    /// Reads a string.
    package mutating func string(
        _ expected: @autoclosure () -> String = "a string"
    ) throws(JSONError) -> String {
        try text(of: try rawString(as: expected()))
    }

    /// Reads a string and appends its bytes to others, without a check that they are UTF-8.
    package mutating func appendString(
        to buffer: inout [UInt8], _ expected: @autoclosure () -> String = "a string"
    ) throws(JSONError) {
        let string = try rawString(as: expected())
        guard string.isEscaped else {
            buffer.append(contentsOf: bytes[string.bytes])
            return
        }
        try appendText(of: string, to: &buffer)
    }

    /// Moves past a string, whose escapes are not looked at.
    mutating func rawString(as expected: @autoclosure () -> String) throws(JSONError) -> RawString {
        guard skip("\"") else { throw unexpected(expected()) }
        let start = offset
        var isEscaped = false
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                defer { offset += 1 }
                return RawString(bytes: start..<offset, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                offset += 2
            case 0..<0x20: throw unexpected("a string without control characters", at: offset)
            default: offset += 1
            }
        }
        throw unexpected("a quotation mark", at: bytes.count)
    }

    /// The text of a string.
    func text(of string: RawString) throws(JSONError) -> String {
        var units: [UInt8] = []
        if string.isEscaped { try appendText(of: string, to: &units) }
        let text =
            string.isEscaped
            ? String(validating: units, as: UTF8.self)
            : String(validating: bytes[string.bytes], as: UTF8.self)
        guard let text else { throw unexpected("UTF-8", at: string.bytes.lowerBound) }
        return text
    }

    private func appendText(of string: RawString, to buffer: inout [UInt8]) throws(JSONError) {
        var place = string.bytes.lowerBound
        while place < string.bytes.upperBound {
            let rest = bytes[place..<string.bytes.upperBound]
            let end = rest.firstIndex(of: UInt8(ascii: "\\")) ?? rest.endIndex
            buffer.append(contentsOf: rest[..<end])
            place = end
            guard place < string.bytes.upperBound else { return }
            buffer.append(contentsOf: String(try escape(at: &place)).utf8)
        }
    }

    /// Reads the escape that a backslash begins.
    private func escape(at place: inout Int) throws(JSONError) -> Unicode.Scalar {
        let start = place
        place += 2
        switch Unicode.Scalar(bytes[start + 1]) {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{08}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try unicodeEscape(at: &place)
        default: throw unexpected("one of the escapes of JSON", at: start)
        }
    }

    /// Reads the four digits after `\u`, and the second half of a surrogate pair after them.
    private func unicodeEscape(at place: inout Int) throws(JSONError) -> Unicode.Scalar {
        let start = place
        var units = [try codeUnit(at: &place)]
        if UTF16.isLeadSurrogate(units[0]), bytes.count - place >= 2,
            bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
        {
            place += 2
            units.append(try codeUnit(at: &place))
        }
        guard let scalar = String(validating: units, as: UTF16.self)?.unicodeScalars.first else {
            throw unexpected("a pair of surrogates", at: start)
        }
        return scalar
    }

    private func codeUnit(at place: inout Int) throws(JSONError) -> UInt16 {
        let digits = bytes[place..<min(place + 4, bytes.count)]
        let text = String(decoding: digits, as: UTF8.self)
        guard digits.count == 4, text.allSatisfy(\.isHexDigit), let unit = UInt16(text, radix: 16)
        else { throw unexpected("four hexadecimal digits", at: place) }
        place += 4
        return unit
    }
}
