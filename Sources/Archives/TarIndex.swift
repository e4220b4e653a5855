import Basics
import Foundation

/// Where the files of a plain tar archive stand, so that each can be read without the others.
public struct TarIndex {
    /// A file in the archive.
    public struct Entry: Equatable, Sendable {
        /// The path from the archive's folder, without `.` components.
        public let path: String
        /// Where its bytes begin in the archive.
        public let offset: Int
        /// The number of its bytes.
        public let byteCount: Int
    }

    /// Visits the files of an archive in order, of which only the headers are read.
    ///
    /// - Parameters:
    ///   - archive: The archive's place on disk.
    ///   - visit: Takes a file.
    /// - Throws: What `visit` throws; an `ArchiveError` where the archive is packed, damaged, cut off or not
    ///   safe; a `FileError` where it cannot be read.
    public static func forEachFile(of archive: URL, _ visit: (Entry) throws -> Void) throws {
        let path = archive.path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.reading(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.reading(path) }
        let byteCount = Int(status.st_size)
        let handle = try ArchiveHandle(descriptor: descriptor, path: path, .tar)
        var last: ArchiveReader.Member?
        // A member's bytes end where the next one's headers begin.
        func finish(at end: Int) throws {
            guard let member = last, !member.isDirectory else { return }
            let offset = end - (member.byteCount + block - 1) / block * block
            try visit(Entry(path: member.path, offset: offset, byteCount: member.byteCount))
        }
        while let header = try handle.next() {
            try finish(at: header.offset)
            last = try ArchiveReader.Member(header, of: path)
        }
        let end = handle.headerOffset
        // libarchive takes the end of the file for the end of the archive, inside a member too.
        guard end + block <= byteCount else {
            let missing = last.map { "the end-of-archive block behind \"\($0.path)\"" }
            throw ArchiveError.truncated(path: path, missing: missing ?? "a header")
        }
        try finish(at: end)
    }

    /// Tar archives are written in blocks of this many bytes.
    private static let block = 512
}
