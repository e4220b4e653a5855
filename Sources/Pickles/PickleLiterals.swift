import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Numbers and texts in the binary forms of protocols 1 to 5.
extension PickleInterpreter {
    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type
    ) throws(PickleError) -> Value {
        guard let value = cursor.integer(type) else { throw .cutOff(offset: offset) }
        return value
    }

    mutating func checkProtocol() throws(PickleError) {
        let version = try integer(UInt8.self)
        guard version <= 5 else { throw .unknownProtocol(version) }
    }

    /// Reads an integer of any length; none that a tensor needs has more than 64 bits.
    mutating func long(_ count: some BinaryInteger) throws(PickleError) -> PickleValue {
        let bytes = try take(count)
        guard bytes.count <= 8 else { return .longInteger }
        let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
        let start: UInt64 = isNegative ? .max : 0
        let bits = bytes.reversed().reduce(start) { $0 << 8 | UInt64($1) }
        return .integer(Int(Int64(bitPattern: bits)))
    }

    mutating func float() throws(PickleError) -> PickleValue {
        .float(Double(bitPattern: try integer(UInt64.self).byteSwapped))
    }

    mutating func text(_ count: some BinaryInteger) throws(PickleError) -> PickleValue {
        .string(try string(try take(count)))
    }

    mutating func raw(_ count: some BinaryInteger) throws(PickleError) -> PickleValue {
        .bytes(try take(count))
    }

    /// Reads what Python 2 called a string: a text in most files, raw bytes in some.
    mutating func oldString(_ count: some BinaryInteger) throws(PickleError) -> PickleValue {
        Self.oldString(try take(count))
    }

    static func oldString(_ bytes: Data) -> PickleValue {
        // An array's bytes are long; whether they happen to be UTF-8 means nothing.
        guard bytes.count <= 1 << 16 else { return .bytes(bytes) }
        return String(validating: bytes, as: UTF8.self).map(PickleValue.string) ?? .bytes(bytes)
    }

    func string(_ bytes: some Collection<UInt8>) throws(PickleError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badText(offset: offset)
        }
        return text
    }

    private mutating func take(_ count: some BinaryInteger) throws(PickleError) -> Data {
        guard let bytes = cursor.take(count) else { throw .cutOff(offset: offset) }
        return bytes
    }
}
