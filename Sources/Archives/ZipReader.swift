import Basics
import Foundation

/// Reads a zip archive from disk, member by member, without holding it in memory.
///
/// The list at the archive's end says which members there are. They can be stored or deflated, and of any size
/// (zip64). The CRC-32 of each member is verified as it is read. Links, devices and paths that leave the archive's
/// folder are refused, because no data set needs them and unpacking them is not safe.
public struct ZipReader: Sendable {
    /// A file or folder in the archive.
    public typealias Member = ArchiveReader.Member

    let archive: URL

    /// Makes a reader, which opens the archive only when it is asked to read.
    ///
    /// - Parameter archive: The archive's place on disk.
    public init(_ archive: URL) {
        self.archive = archive
    }

    /// Visits every member in the order in which they lie in the archive.
    ///
    /// What is not read of a member is passed over without a look at it.
    ///
    /// - Parameter visit: Takes a member and its contents, of which it may read all, a part or nothing.
    /// - Throws: What `visit` throws, an `ArchiveError` if the archive is damaged or not safe, or a `FileError`
    ///   where it cannot be read.
    public func forEachMember(_ visit: (Member, MemberContents) throws -> Void) throws {
        let path = archive.path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.reading(path) }
        defer { close(descriptor) }
        let handle = try ArchiveHandle(descriptor: descriptor, path: path, .zip)
        while let header = try handle.next() {
            let member = try Member(header, of: path)
            let contents = MemberContents(
                handle, path: path, member: member.path, byteCount: member.byteCount)
            try visit(member, contents)
        }
    }

    /// Every member in the order in which they lie in the archive; none of their bytes is read.
    ///
    /// - Returns: The files and folders.
    /// - Throws: An `ArchiveError` if the list is damaged or not safe, or a `FileError` where it cannot be read.
    public func members() throws -> [Member] {
        var members: [Member] = []
        try forEachMember { member, _ in members.append(member) }
        return members
    }
}
