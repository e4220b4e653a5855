import CArchive
import Foundation

/// Reads a tar archive, packed by gzip or not, from front to back, without holding it in memory.
///
/// Understands ustar, pax and GNU long names. Links, devices and paths that leave the archive's
/// folder are refused, because no data set needs them and unpacking them is not safe.
public struct ArchiveReader {
    /// A file or folder in the archive.
    public struct Member: Equatable, Sendable {
        /// The path from the archive's folder, without `.` components or a slash at its end.
        public let path: String
        /// The number of bytes of the file, zero for a folder.
        public let byteCount: Int
        /// Whether the member is a folder.
        public let isDirectory: Bool
    }

    let archive: URL

    /// Makes a reader, which opens the archive only when it is asked to read.
    ///
    /// - Parameter archive: The archive's place on disk.
    public init(_ archive: URL) {
        self.archive = archive
    }

    /// Visits every member in order, then verifies the end of the gzip stream.
    ///
    /// - Parameter visit: Takes a member and its contents, of which it may read any part.
    /// - Throws: What `visit` throws, or an `ArchiveError` if the archive is damaged or not safe.
    public func forEachMember(_ visit: (Member, MemberContents) throws -> Void) throws {
        let file = try InflatedFile(path: archive.path)
        let handle = try ArchiveHandle(file, path: archive.path)
        while let header = try handle.next() {
            let member = try Member(header, of: archive.path)
            let contents = MemberContents(
                handle, path: archive.path, member: member.path, byteCount: member.byteCount)
            try visit(member, contents)
            try contents.forEachChunk { _ in }
        }
        try drain(file)
    }

    /// Reads what follows the end-of-archive block, because the checksum of it all stands last.
    private func drain(_ file: InflatedFile) throws {
        try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
            while try file.read(into: buffer) > 0 {}
        }
        guard file.offset > 0 else { throw ArchiveError.notArchive(path: archive.path) }
    }
}

extension ArchiveReader.Member {
    /// Takes a file or folder whose path stays inside the archive's folder.
    ///
    /// - Throws: `ArchiveError.unsafePath` or `.unsupportedMember`.
    init(_ header: ArchiveHandle.Header, of archive: String) throws(ArchiveError) {
        isDirectory = header.kind == S_IFDIR
        // Of a million members nearly all are files under plain paths.
        if header.kind == S_IFREG, header.isWhole, Self.isPlain(header.path) {
            path = header.path
            byteCount = header.byteCount
            return
        }
        let components = header.path.split(separator: "/").filter { $0 != "." }
        guard !header.path.hasPrefix("/"), !components.contains(".."),
            !components.isEmpty || isDirectory
        else { throw .unsafePath(path: archive, member: header.path) }
        guard isDirectory || header.kind == S_IFREG, header.isWhole else {
            throw .unsupportedMember(
                path: archive, member: header.path, kind: Self.describe(header))
        }
        path = components.joined(separator: "/")
        byteCount = isDirectory ? 0 : header.byteCount
    }

    /// Whether a path has no empty part and none that begins with a dot.
    private static func isPlain(_ path: String) -> Bool {
        var former = UInt8(ascii: "/")
        for byte in path.utf8 {
            let begins = former == UInt8(ascii: "/")
            if begins, byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return false }
            former = byte
        }
        return former != UInt8(ascii: "/")
    }

    private static func describe(_ header: ArchiveHandle.Header) -> String {
        switch header.kind {
        case nil: "a hard link"
        case S_IFLNK: "a symbolic link"
        case S_IFCHR, S_IFBLK: "a device"
        case S_IFIFO: "a named pipe"
        case S_IFREG: "a file with holes"
        default: "of an unknown type"
        }
    }
}
