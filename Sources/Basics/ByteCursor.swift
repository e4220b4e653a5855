#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads little-endian integers and runs of bytes one after the other, never beyond the end.
///
/// Every read answers `nil` when too few bytes are left, and then leaves the cursor in place.
package struct ByteCursor {
    private let bytes: Data

    /// The distance of the next byte from the first.
    package private(set) var offset: Int

    /// Starts `offset` bytes behind the first; nil where that is outside of the bytes.
    package init?(_ bytes: Data, at offset: Int) {
        guard (0...bytes.count).contains(offset) else { return nil }
        self.bytes = bytes
        self.offset = offset
    }

    /// Starts at the first byte.
    package init(_ bytes: Data) {
        self.bytes = bytes
        offset = 0
    }

    /// How many bytes are left.
    package var remaining: Int { bytes.count - offset }

    /// The bytes that are left.
    package var rest: Data { bytes.dropFirst(offset) }

    /// The next byte, without moving past it.
    package var peek: UInt8? {
        remaining > 0 ? bytes[bytes.startIndex + offset] : nil
    }

    /// Takes an integer of a type, little endian.
    package mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type
    ) -> Value? {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { return nil }
        let value = bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: offset, as: Value.self)
        }
        offset += size
        return Value(littleEndian: value)
    }

    /// Takes some bytes, which are a slice.
    package mutating func take(_ count: some BinaryInteger) -> Data? {
        guard let count = Int(exactly: count), (0...remaining).contains(count) else { return nil }
        let start = bytes.startIndex + offset
        offset += count
        return bytes[start..<start + count]
    }

    /// Moves past some bytes; false where fewer are left.
    package mutating func skip(_ count: some BinaryInteger) -> Bool {
        take(count) != nil
    }

    /// Takes the bytes before the next line feed, and moves past that.
    package mutating func line() -> Data? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { offset += 1 }
        return take(end - bytes.startIndex - offset)
    }
}
