import Basics
import CZlib
import Foundation

/// A list of images that is kept beside a run, to tell later whether the images are the same.
///
/// A gzip file of lines `CLASS SIZE TIME PATH`, separated by tabs: the class's number, the bytes, the time of
/// the last change in nanoseconds since 1970, and the path in the split's folder.
public enum ImageListFile {
    /// How the images differ from a list that was kept.
    public enum Difference: Equatable, Sendable, CustomStringConvertible {
        /// The list cannot be read as one.
        case unreadable
        /// Another number of images.
        case count(expected: Int, found: Int)
        /// An image at the same place has another path or class.
        case image(expected: String, found: String)
        /// An image has another size.
        case changed(path: String)
        /// All images are the same but for the time of this one, and perhaps of others behind it.
        case touched(path: String)

        /// One sentence without a full stop.
        public var description: String {
            switch self {
            case .unreadable: "That list is damaged"
            case .count(let expected, let found): "Expected \(expected) images, found \(found)"
            case .image(let expected, let found): "Expected \(expected), found \(found)"
            case .changed(let path): "\(path) has another size"
            case .touched(let path): "\(path) was written again"
            }
        }
    }

    /// Writes a list.
    ///
    /// - Throws: `FileError`.
    public static func write(_ list: ImageList, to path: String) throws(FileError) {
        try AtomicFile.write(pack(list), to: path)
    }

    /// Compares a list with one that was kept.
    ///
    /// - Returns: the first difference; nil where there is none.
    /// - Throws: `FileError` where the file cannot be read.
    public static func difference(
        of list: ImageList, from path: String
    ) throws(FileError) -> Difference? {
        guard let file = gzopen(path, "rbe") else { throw FileError.reading(path) }
        defer { gzclose_r(file) }
        gzbuffer(file, 1 << 17)
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var position = 0
        var touched: Difference?
        while gzgets(file, &buffer, Int32(buffer.count)) != nil {
            let kept = buffer.withUnsafeBytes { bytes in
                String(
                    decoding: bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            }
            if position < list.count {
                let found = line(position, of: list)
                if kept != found, let difference = difference(kept, from: found) {
                    guard case .touched = difference else { return difference }
                    touched = touched ?? difference
                }
            }
            position += 1
        }
        var code: Int32 = Z_OK
        gzerror(file, &code)
        guard code == Z_OK || code == Z_STREAM_END else { return .unreadable }
        guard position == list.count else {
            return .count(expected: position, found: list.count)
        }
        return touched
    }

    private static func difference(_ kept: String, from found: String) -> Difference? {
        let fields = [kept, found].map { $0.split(separator: "\t", maxSplits: 3).map(String.init) }
        guard fields[0].count == 4, fields[1].count == 4 else { return .unreadable }
        guard fields[0][3] == fields[1][3], fields[0][0] == fields[1][0] else {
            return .image(expected: fields[0][3], found: fields[1][3])
        }
        return fields[0][1] == fields[1][1]
            ? .touched(path: fields[1][3]) : .changed(path: fields[1][3])
    }

    private static func line(_ position: Int, of list: ImageList) -> String {
        "\(list.label(position))\t\(list.byteCount(position))\t\(list.modified(position))\t"
            + list.path(position).replacingOccurrences(of: "\n", with: "\u{FFFD}")
    }

    /// The list as a gzip file.
    private static func pack(_ list: ImageList) -> Data {
        var packed = Data()
        var stream = z_stream()
        // 16 above the largest window asks for gzip's header and trailer.
        deflateInit2_(
            &stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        func deflate(_ text: String, _ flush: Int32) {
            var input = Array(text.utf8)
            var output = [UInt8](repeating: 0, count: 1 << 16)
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                repeat {
                    let room = output.count
                    let written = output.withUnsafeMutableBufferPointer { output in
                        stream.next_out = output.baseAddress
                        stream.avail_out = UInt32(room)
                        _ = CZlib.deflate(&stream, flush)
                        return room - Int(stream.avail_out)
                    }
                    packed.append(contentsOf: output[..<written])
                } while stream.avail_out == 0
            }
        }
        var text = ""
        for position in 0..<list.count {
            text += line(position, of: list) + "\n"
            guard text.utf8.count > 1 << 16 else { continue }
            deflate(text, Z_NO_FLUSH)
            text = ""
        }
        deflate(text, Z_FINISH)
        return packed
    }
}
