import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The moments inside the writing of a file at which a process may die.
///
/// Tests end the process at each of them, through the environment variable
/// `REVIEWKD_EXIT_AT=POINT:N`: the N-th time that a checkpoint's writing reaches the point.
enum WritePoint: String, CaseIterable {
    case beforeFile = "before-file"
    case halfWritten = "half-written"
    case beforeRename = "before-rename"
    case afterRename = "after-rename"
}

/// A file that could not be written.
public struct FileWriteError: Error, CustomStringConvertible {
    /// The destination.
    public let path: String

    /// What the system says.
    public let reason: String

    /// One sentence with the remedy.
    public var description: String {
        "\(path) could not be written: \(reason); what was saved before is untouched; free some "
            + "space or choose another --output"
    }
}

/// Writes files so that a reader only ever sees the old or the new contents, whole.
enum AtomicFile {
    /// What the name of a file that is being written ends with.
    static let unfinished = ".partial"

    /// Writes beside the destination, syncs, renames, and syncs the folder.
    ///
    /// - Parameters:
    ///   - data: the new contents.
    ///   - path: the destination.
    ///   - reach: called at each point of the writing.
    /// - Throws: `FileWriteError`; the unfinished file is removed.
    static func write(
        _ data: Data, to path: String, reach: (WritePoint) -> Void = { _ in }
    ) throws(FileWriteError) {
        reach(.beforeFile)
        let temporary = path + unfinished
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        do throws(FileWriteError) {
            defer { close(descriptor) }
            let half = data.startIndex + data.count / 2
            try write(data[..<half], to: descriptor, path)
            reach(.halfWritten)
            try write(data[half...], to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw failure(path) }
        } catch {
            unlink(temporary)
            throw error
        }
        reach(.beforeRename)
        guard rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        syncFolder(of: path)
        reach(.afterRename)
    }

    private static func write(
        _ data: Data, to descriptor: Int32, _ path: String
    ) throws(FileWriteError) {
        var offset = data.startIndex
        while offset < data.endIndex {
            let written = data[offset...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure(path) }
            offset += written
        }
    }

    /// Makes the rename itself durable; a file system that cannot do so loses at most that.
    private static func syncFolder(of path: String) {
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func failure(_ path: String) -> FileWriteError {
        FileWriteError(path: path, reason: String(cString: strerror(errno)))
    }
}
