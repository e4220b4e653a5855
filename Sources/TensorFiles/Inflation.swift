import CZlib

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Raw deflate streams, as zip archives hold them.
enum Inflation {
    /// The most that deflate can make of one byte, which is a property of the format.
    static let greatestRatio = 1032

    /// Unpacks a stream into exactly as many bytes as announced.
    ///
    /// - Returns: the bytes; `nil` where the stream is damaged, or longer or shorter than `size`.
    static func unpack(_ packed: Data, size: Int) -> Data? {
        guard let inputCount = UInt32(exactly: packed.count),
            let outputCount = UInt32(exactly: size)
        else { return nil }
        var stream = z_stream()
        let structSize = Int32(MemoryLayout<z_stream>.size)
        // The negative window size means a stream without zlib's own header.
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, structSize) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        // One byte more than announced lets an empty stream run, and a longer one show itself.
        var unpacked = Data(count: size + 1)
        let status = unpacked.withUnsafeMutableBytes { output in
            packed.withUnsafeBytes { input in
                stream.next_in = UnsafeMutablePointer(
                    mutating: input.bindMemory(to: UInt8.self).baseAddress)
                stream.avail_in = inputCount
                stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = outputCount + 1
                return inflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END, stream.avail_in == 0, stream.avail_out == 1 else {
            return nil
        }
        return unpacked.dropLast()
    }
}
