import Basics
import Foundation

/// The hidden folder into which an archive is unpacked, and how far that has come.
///
/// Beside the members there is a file that says how many of them are known to be on the disk. It names the
/// archive by its size and time, so that what another one left behind is not taken for its own.
final class Staging {
    /// Where the members go.
    let members: URL

    /// How many members, from the first one on, are on the disk.
    private(set) var doneMembers = 0

    private let folder: URL
    private let mark: URL
    private let byteCount: Int
    private let modified: Int

    /// The bytes that were written since the disk was last waited for.
    private var unsavedBytes = 0

    /// How many bytes may have to be unpacked again after a cut.
    private static let portion = 256 << 20

    private struct Mark: Codable {
        let byteCount: Int
        let modified: Int
        let doneMembers: Int
    }

    /// Takes up what an earlier attempt left, or begins anew.
    init(of archive: URL, in directory: URL) throws {
        folder = directory.appendingPathComponent(".\(archive.lastPathComponent).unpacking")
        members = folder.appendingPathComponent("members")
        mark = folder.appendingPathComponent("done.json")
        var status = stat()
        guard stat(archive.path, &status) == 0 else { throw FileError.reading(archive.path) }
        byteCount = Int(status.st_size)
        modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
        if let former = try? JSONDecoder().decode(Mark.self, from: TextFile.data(of: mark.path)),
            former.byteCount == byteCount, former.modified == modified, former.doneMembers >= 0
        {
            doneMembers = former.doneMembers
        } else {
            // Nothing says that what lies there is whole and of this archive.
            try Disk.remove(folder)
        }
        try Disk.makeDirectory(members)
    }

    /// Notes that a member is written.
    func finish(_ index: Int, bytes: Int) throws {
        unsavedBytes += bytes
        if unsavedBytes >= Self.portion { try save(doneMembers: index + 1) }
    }

    /// Waits until all that was written is on the disk, and says so in the file.
    func save(doneMembers count: Int) throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.writing(folder.path) }
        defer { close(descriptor) }
        guard waitForDisk(of: descriptor) else { throw FileError.writing(folder.path) }
        let text = try JSONEncoder().encode(
            Mark(byteCount: byteCount, modified: modified, doneMembers: count))
        try AtomicFile.write(text, to: mark.path)
        doneMembers = count
        unsavedBytes = 0
    }

    /// Removes the folder.
    func remove() throws { try Disk.remove(folder) }
}
