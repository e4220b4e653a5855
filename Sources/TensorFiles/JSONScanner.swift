import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads the JSON that safetensors headers consist of: objects, strings, arrays of naturals.
///
/// Foundation's decoders lose the order of keys and keep one of several equal ones, and a header
/// needs both. Nothing here recurses into itself, so no nesting can exhaust the call stack.
struct JSONScanner {
    private var cursor: ByteCursor

    init(_ bytes: Data) {
        cursor = ByteCursor(bytes)
    }

    /// Reads an object, and calls for each key with the scanner in front of the key's value.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        guard !skip("}") else { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while skip(",")
        try expect("}", or: "','")
    }

    /// Reads an array of integers from zero up to the greatest `Int`.
    mutating func naturals() throws(SafetensorsError) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        guard !skip("]") else { return numbers }
        repeat {
            numbers.append(try natural())
        } while skip(",")
        try expect("]", or: "','")
        return numbers
    }

    /// Reads a string.
    mutating func string() throws(SafetensorsError) -> String {
        try expect("\"", as: "a string")
        let start = cursor.offset
        var units: [UInt8] = []
        while let unit = cursor.integer(UInt8.self), unit >= 0x20 {
            switch unit {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else {
                    throw .headerSyntax(offset: start, expected: "UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                units.append(contentsOf: String(try escape()).utf8)
            default:
                units.append(unit)
            }
        }
        throw .headerSyntax(offset: start, expected: "a string without control characters")
    }

    /// Skips a value of any kind, however deep, by the brackets around it.
    mutating func skipValue() throws(SafetensorsError) {
        var depth = 0
        repeat {
            skipSpaces()
            switch cursor.peek.map(Unicode.Scalar.init) {
            case "\"": _ = try string()
            case "{", "[":
                depth += 1
                _ = cursor.skip(1)
            case "}", "]":
                depth -= 1
                _ = cursor.skip(1)
            case .some(let sign) where depth > 0 && (sign == "," || sign == ":"): _ = cursor.skip(1)
            case .some(let start) where Self.isWord(start): skipWord()
            default: throw unexpected("a value")
            }
        } while depth > 0
        guard depth == 0 else { throw unexpected("a value") }
    }

    private mutating func skipWord() {
        while let byte = cursor.peek, Self.isWord(Unicode.Scalar(byte)) { _ = cursor.skip(1) }
    }

    /// Whether a character may stand in a number, `true`, `false` or `null`.
    private static func isWord(_ character: Unicode.Scalar) -> Bool {
        character.properties.isAlphabetic || character.properties.numericType != nil
            || "+-.".unicodeScalars.contains(character)
    }

    /// Checks that nothing but spaces is left.
    mutating func end() throws(SafetensorsError) {
        skipSpaces()
        guard cursor.remaining == 0 else { throw unexpected("nothing after the header's object") }
    }

    private mutating func natural() throws(SafetensorsError) -> Int {
        skipSpaces()
        let start = cursor.offset
        var digits = ""
        while let byte = cursor.peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            digits.unicodeScalars.append(Unicode.Scalar(byte))
            _ = cursor.skip(1)
        }
        let hasLeadingZero = digits.count > 1 && digits.hasPrefix("0")
        guard let number = Int(digits), !hasLeadingZero else {
            throw .headerSyntax(offset: start, expected: "an integer from 0 to \(Int.max)")
        }
        return number
    }

    private mutating func escape() throws(SafetensorsError) -> Unicode.Scalar {
        switch cursor.integer(UInt8.self).map(Unicode.Scalar.init) {
        case "\"": "\""
        case "\\": "\\"
        case "/": "/"
        case "b": "\u{08}"
        case "f": "\u{0C}"
        case "n": "\n"
        case "r": "\r"
        case "t": "\t"
        case "u": try unicodeEscape()
        default: throw unexpected("one of the escapes of JSON")
        }
    }

    /// Reads the four digits after `\u`, and the second half of a surrogate pair after them.
    private mutating func unicodeEscape() throws(SafetensorsError) -> Unicode.Scalar {
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]), cursor.take(2).map(Array.init) == Array("\\u".utf8) {
            units.append(try codeUnit())
        }
        guard let scalar = String(validating: units, as: UTF16.self)?.unicodeScalars.first else {
            throw unexpected("a pair of surrogates")
        }
        return scalar
    }

    private mutating func codeUnit() throws(SafetensorsError) -> UInt16 {
        let digits = cursor.take(4).map { String(decoding: $0, as: UTF8.self) }
        guard let digits, digits.allSatisfy(\.isHexDigit), let unit = UInt16(digits, radix: 16)
        else { throw unexpected("four hexadecimal digits") }
        return unit
    }

    private mutating func expect(
        _ character: Unicode.Scalar, or alternative: String? = nil, as name: String? = nil
    ) throws(SafetensorsError) {
        guard !skip(character) else { return }
        let expected = name ?? "'\(character)'"
        throw unexpected(alternative.map { "\($0) or \(expected)" } ?? expected)
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard let byte = cursor.peek, Unicode.Scalar(byte) == character else { return false }
        return cursor.skip(1)
    }

    private mutating func skipSpaces() {
        while let byte = cursor.peek, [0x20, 0x0A, 0x0D, 0x09].contains(byte) {
            _ = cursor.skip(1)
        }
    }

    private func unexpected(_ expected: String) -> SafetensorsError {
        .headerSyntax(offset: cursor.offset, expected: expected)
    }
}
