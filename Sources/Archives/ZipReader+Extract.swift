import Basics
import Foundation

extension ZipReader {
    /// How far unpacking has come.
    public struct Progress: Sendable, Equatable {
        /// The bytes that are unpacked, those of an earlier attempt included.
        public let doneBytes: Int
        /// The bytes of all members that were not in the folder before.
        public let totalBytes: Int
    }

    /// Unpacks the archive into a folder, and goes on where an earlier attempt was cut off.
    ///
    /// The members are written into a hidden folder inside `directory`, and moved to their places once all
    /// of them are verified and on the disk. Files that exist already are neither overwritten nor
    /// unpacked. After a cut, what is known to be on the disk is not unpacked again.
    ///
    /// - Parameters:
    ///   - directory: The folder to unpack into, which must exist.
    ///   - progress: Is told after each member.
    /// - Throws: An `ArchiveError`, after which nothing is left behind; a `FileError`, after which a further attempt
    ///   goes on.
    public func extract(into directory: URL, progress: (Progress) -> Void = { _ in }) throws {
        let staging = try Staging(of: archive, in: directory)
        do {
            try unpack(into: staging, for: directory, progress)
        } catch let error as ArchiveError {
            // The error that led here matters more than one from tidying up after it.
            try? staging.remove()
            throw error
        }
        try Installation.install(staging.members, as: directory)
        try staging.remove()
    }

    private func unpack(
        into staging: Staging, for directory: URL, _ progress: (Progress) -> Void
    ) throws {
        let members = try members()
        let isWanted = members.map {
            $0.isDirectory || !Disk.exists(directory.appendingPathComponent($0.path))
        }
        let sizes = zip(members, isWanted).map { $1 ? $0.byteCount : 0 }
        let before = sizes.prefix(staging.doneMembers).reduce(0, Self.sum)
        let total = sizes.reduce(0, Self.sum)
        if let free = Disk.freeBytes(at: directory), free < total - before {
            throw ArchiveError.tooLittleSpace(
                path: archive.path, folder: directory.path, needed: total - before, free: free)
        }
        var (index, done) = (0, before)
        try forEachMember { member, contents in
            defer { index += 1 }
            guard index >= staging.doneMembers, isWanted[index] else { return }
            _ = try Installation.write(member, contents, into: staging.members)
            done += member.byteCount
            try staging.finish(index, bytes: member.byteCount)
            progress(Progress(doneBytes: done, totalBytes: total))
        }
        try staging.save(doneMembers: members.count)
    }

    /// A sum that stays below the largest number: what an archive says of itself may be anything.
    private static func sum(_ first: Int, _ second: Int) -> Int {
        let (sum, isTooLarge) = first.addingReportingOverflow(second)
        return isTooLarge ? .max : sum
    }
}
