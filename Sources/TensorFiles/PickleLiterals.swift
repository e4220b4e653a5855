#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PickleInterpreter {
    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type
    ) throws(PickleError) -> Value {
        guard let value = cursor.integer(type) else { throw .cutOff(offset: offset) }
        return value
    }

    mutating func line() throws(PickleError) -> String {
        guard let bytes = cursor.line() else { throw .cutOff(offset: offset) }
        return try string(bytes)
    }

    mutating func checkProtocol() throws(PickleError) {
        let version = try integer(UInt8.self)
        guard (2...5).contains(version) else { throw .unknownProtocol(version) }
    }

    /// Reads an integer of any length; none that a tensor needs has more than 64 bits.
    mutating func long(_ count: some BinaryInteger) throws(PickleError) -> PickleValue {
        let bytes = try take(count)
        guard bytes.count <= 8 else { return .opaque }
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
        _ = try take(count)
        return .opaque
    }

    private mutating func take(_ count: some BinaryInteger) throws(PickleError) -> Data {
        guard let bytes = cursor.take(count) else { throw .cutOff(offset: offset) }
        return bytes
    }

    private func string(_ bytes: Data) throws(PickleError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badText(offset: offset)
        }
        return text
    }
}
