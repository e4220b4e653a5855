import Foundation

/// Bytes given as a mixture of texts and integers, for files written by hand.
package func bytes(_ parts: any Sequence<UInt8>...) -> Data {
    parts.reduce(into: Data()) { data, part in data.append(contentsOf: Array(part)) }
}

extension FixedWidthInteger {
    package var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
