import Basics
import Foundation

/// What unpacking does with members, whatever the format of their archive.
enum Installation {
    /// Writes a member below a folder.
    ///
    /// - Parameters:
    ///   - member: The member.
    ///   - contents: Its bytes, of which none has been read.
    ///   - folder: Where its path begins.
    /// - Returns: The file, not yet synchronised; nil for a folder.
    /// - Throws: An `ArchiveError` or a `FileError`.
    static func write(
        _ member: ArchiveReader.Member, _ contents: MemberContents, into folder: URL
    ) throws -> FileSink? {
        let target = folder.appendingPathComponent(member.path)
        guard !member.isDirectory else {
            try Disk.makeDirectory(target)
            return nil
        }
        try Disk.makeDirectory(target.deletingLastPathComponent())
        let file = try FileSink(path: target.path, .truncating)
        try contents.forEachChunk { try file.write($0) }
        return file
    }

    /// Moves what is not there yet, a whole folder at once where that is possible.
    static func install(_ source: URL, as target: URL) throws {
        guard Disk.exists(target) else { return try Disk.move(source, to: target) }
        guard Disk.isDirectory(source), Disk.isDirectory(target) else { return }
        for child in try Disk.contents(of: source) {
            try install(child, as: target.appendingPathComponent(child.lastPathComponent))
        }
    }
}
