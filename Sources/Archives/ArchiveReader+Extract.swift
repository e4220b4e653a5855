import Basics
import Foundation

extension ArchiveReader {
    /// Unpacks the archive into a folder, all of it or nothing.
    ///
    /// The members are written into a hidden folder inside `directory` and moved to
    /// their places once the whole archive has been read and verified. Files that exist already
    /// are never overwritten.
    ///
    /// - Parameter directory: The folder to unpack into, which must exist.
    /// - Throws: An `ArchiveError` or a `FileError`; nothing is left behind then.
    public func extract(into directory: URL) throws {
        let staging = directory.appendingPathComponent(".\(archive.lastPathComponent).unpacking")
        // A process that was killed while it unpacked may have left its folder behind.
        try Disk.remove(staging)
        do {
            try unpack(into: staging)
            try Installation.install(staging, as: directory)
        } catch {
            // The error that led here matters more than one from tidying up after it.
            try? Disk.remove(staging)
            throw error
        }
        try Disk.remove(staging)
    }

    private func unpack(into staging: URL) throws {
        try Disk.makeDirectory(staging)
        try forEachMember { member, contents in
            try Installation.write(member, contents, into: staging)?.synchronize()
        }
    }
}
