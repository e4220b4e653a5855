import Basics
import CZlib
import Foundation

/// The unpacked bytes of a gzip file, one after the other.
///
/// zlib verifies the CRC-32 and the length at the end of each of the file's concatenated members.
final class GunzipStream {
    private(set) var offset = 0
    private let file: gzFile
    private let path: String

    init(path: String) throws {
        guard let file = gzopen(path, "rbe") else {
            throw FileError.reading(path)
        }
        self.file = file
        self.path = path
        gzbuffer(file, 1 << 17)
        // zlib passes a file that is not compressed through unchanged, an empty one included.
        guard gzdirect(file) == 0 else {
            throw ArchiveError.notGzip(path: path)
        }
    }

    deinit {
        gzclose_r(file)
    }

    /// Fills as much of the buffer as the stream still has, and returns how much that is.
    ///
    /// The error about a file that ends too early says that `missing` is not there.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ missing: String) throws -> Int {
        let count = gzread(file, buffer.baseAddress, UInt32(buffer.count))
        var code: Int32 = Z_OK
        let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END:
            offset += Int(count)
            return Int(count)
        case Z_BUF_ERROR:
            throw ArchiveError.truncated(path: path, missing: missing)
        case Z_ERRNO:
            throw FileError.cannotRead(path: path, reason: message)
        default:
            // zlib begins its message with the path, which the error names already.
            throw ArchiveError.corruptGzip(
                path: path, reason: message.replacingOccurrences(of: path + ": ", with: ""))
        }
    }
}
