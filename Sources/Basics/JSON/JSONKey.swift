/// The name of an object's member in a form that is compared in a moment.
///
/// Two keys of up to 16 bytes are equal where their texts are. Longer ones may be equal where the texts are not, so
/// that only short keys are worth a comparison.
package struct JSONKey: Equatable {
    @usableFromInline let first: UInt64
    @usableFromInline let second: UInt64
    @usableFromInline let count: Int

    /// Whether two keys are equal.
    @inlinable package static func == (left: JSONKey, right: JSONKey) -> Bool {
        left.first == right.first && left.second == right.second && left.count == right.count
    }

    /// The key of a text.
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { JSONKey($0[...]) }
    }

    /// The key of the bytes of a text.
    init(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        var words: (first: UInt64, second: UInt64) = (0, 0)
        for (place, byte) in zip(0..<16, bytes) {
            let part = UInt64(byte) << UInt64(place % 8 * 8)
            if place < 8 { words.first |= part } else { words.second |= part }
        }
        (first, second) = words
        count = bytes.count
    }
}
