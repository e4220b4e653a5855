import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Numbers and texts in the textual forms of protocol 0, each on a line of its own.
extension PickleInterpreter {
    mutating func line() throws(PickleError) -> String {
        try string(try lineBytes())
    }

    private mutating func lineBytes() throws(PickleError) -> Data {
        guard let bytes = cursor.line() else { throw .cutOff(offset: offset) }
        return bytes
    }

    /// Reads an integer, `01` and `00` being the truth values, and a long one with its `L`.
    mutating func integerLine() throws(PickleError) -> PickleValue {
        var digits = try line()
        if digits == "01" { return .bool(true) }
        if digits == "00" { return .bool(false) }
        if digits.hasSuffix("L") { digits.removeLast() }
        if let value = Int(digits) { return .integer(value) }
        let isNumber =
            digits.drop { $0 == "-" }.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && digits.count > 1
        guard isNumber else { throw .badText(offset: offset) }
        return .longInteger
    }

    /// Reads a number of the memo.
    mutating func number(_ type: UInt32.Type) throws(PickleError) -> Int {
        guard let value = UInt32(try line()) else { throw .badText(offset: offset) }
        return Int(value)
    }

    mutating func floatLine() throws(PickleError) -> PickleValue {
        guard let value = Double(try line()) else { throw .badText(offset: offset) }
        return .float(value)
    }

    /// Reads a string of Python 2 between quotation marks, with its escapes.
    mutating func oldStringLine() throws(PickleError) -> PickleValue {
        let line = try lineBytes()
        guard line.count >= 2, let quote = line.first, quote == line.last,
            quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
        else { throw .badText(offset: offset) }
        var rest = line.dropFirst().dropLast()[...]
        var bytes = Data()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escape = rest.popFirst() else { throw .badText(offset: offset) }
            switch escape {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "x"): bytes.append(UInt8(truncatingIfNeeded: try code(2, of: &rest)))
            default: bytes.append(escape)
            }
        }
        return Self.oldString(bytes)
    }

    /// Reads a text in Latin-1 whose other characters are `\uXXXX` or `\UXXXXXXXX`.
    mutating func unicodeLine() throws(PickleError) -> PickleValue {
        var rest = try lineBytes()[...]
        var text = String.UnicodeScalarView()
        while let byte = rest.popFirst() {
            let digits =
                switch (byte, rest.first) {
                case (UInt8(ascii: "\\"), UInt8(ascii: "u")): 4
                case (UInt8(ascii: "\\"), UInt8(ascii: "U")): 8
                default: 0
                }
            guard digits > 0 else {
                text.append(Unicode.Scalar(byte))
                continue
            }
            rest.removeFirst()
            guard let scalar = Unicode.Scalar(try code(digits, of: &rest)) else {
                throw .badText(offset: offset)
            }
            text.append(scalar)
        }
        return .string(String(text))
    }

    /// Takes hexadecimal digits from the front.
    private func code(_ count: Int, of rest: inout Data.SubSequence) throws(PickleError) -> UInt32 {
        let digits = String(decoding: rest.prefix(count), as: UTF8.self)
        guard digits.utf8.count == count, digits.allSatisfy(\.isHexDigit),
            let value = UInt32(digits, radix: 16)
        else { throw .badText(offset: offset) }
        rest.removeFirst(count)
        return value
    }
}
