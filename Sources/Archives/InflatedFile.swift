import Basics
import CZlib
import Foundation

/// The bytes of a file, unpacked where it is a gzip file.
///
/// zlib verifies the CRC-32 and the length at the end of each of a gzip file's concatenated members.
/// libarchive's own gzip filter verifies neither.
final class InflatedFile {
    /// How many unpacked bytes have been read.
    private(set) var offset = 0

    /// Whether the file is compressed.
    let isPacked: Bool

    private let file: gzFile
    private let path: String

    init(path: String) throws(FileError) {
        guard let file = gzopen(path, "rbe") else { throw FileError.reading(path) }
        self.file = file
        self.path = path
        gzbuffer(file, 1 << 17)
        // zlib passes a file that is not compressed through unchanged, an empty one included.
        isPacked = gzdirect(file) == 0
    }

    deinit { gzclose_r(file) }

    /// Fills as much of the buffer as the file still has.
    ///
    /// - Returns: how many bytes that is; 0 at the end.
    /// - Throws: `ArchiveError` where the compressed bytes are damaged or cut off, `FileError` where the disk
    ///   fails.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = gzread(file, buffer.baseAddress, UInt32(buffer.count))
        var code: Int32 = Z_OK
        let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END:
            offset += Int(count)
            return Int(count)
        case Z_BUF_ERROR:
            throw ArchiveError.truncated(path: path, missing: "the rest of the gzip stream")
        case Z_ERRNO:
            throw FileError.cannotRead(path: path, reason: message)
        default:
            // zlib begins its message with the path, which the error names already.
            throw ArchiveError.corruptGzip(
                path: path, reason: message.replacingOccurrences(of: path + ": ", with: ""))
        }
    }
}
