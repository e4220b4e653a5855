/// The name of an object's member in a form that is compared in a moment.
///
/// Two keys of up to 16 bytes are equal where their texts are. Longer ones may be equal where the texts are not, so
/// that only short keys are worth a comparison.
package struct JSONKey: Equatable {
    private let first: UInt64
    private let second: UInt64
    private let count: Int

    /// The key of a text.
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { JSONKey($0[...]) }
    }

    /// The key of the bytes of a text.
    init(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        count = bytes.count
        first = Self.word(bytes.prefix(8))
        second = Self.word(bytes.dropFirst(8).prefix(8))
    }

    private static func word(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
