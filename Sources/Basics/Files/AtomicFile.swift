import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The moments inside the writing of a file at which a process may die.
///
/// Tests end the process at each of them, through the environment variable
/// `REVIEWKD_EXIT_AT=POINT:N`: the N-th time that a checkpoint's writing reaches the point.
package enum WritePoint: String, CaseIterable {
    case beforeFile = "before-file"
    case halfWritten = "half-written"
    case beforeRename = "before-rename"
    case afterRename = "after-rename"
}

/// Writes files so that a reader only ever sees the old or the new contents, whole.
package enum AtomicFile {
    /// What the name of a file that is being written ends with.
    package static let unfinished = ".partial"

    /// Writes beside the destination, syncs, renames, and syncs the folder.
    ///
    /// - Parameters:
    ///   - data: the new contents.
    ///   - path: the destination.
    ///   - reach: called at each point of the writing.
    /// - Throws: `FileError.cannotReplace` with the destination; the unfinished file is removed.
    package static func write(
        _ data: Data, to path: String, reach: (WritePoint) -> Void = { _ in }
    ) throws(FileError) {
        reach(.beforeFile)
        let temporary = path + unfinished
        let half = data.startIndex + data.count / 2
        do throws(FileError) {
            let sink = try FileSink(path: temporary, .truncating)
            do throws(FileError) {
                try sink.write(data[..<half])
                reach(.halfWritten)
                try sink.write(data[half...])
                try sink.synchronize()
            } catch {
                unlink(temporary)
                throw error
            }
        } catch {
            throw .cannotReplace(path: path, reason: error.reason)
        }
        reach(.beforeRename)
        guard rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw .cannotReplace(path: path, reason: reason)
        }
        syncFolder(of: path)
        reach(.afterRename)
    }

    /// Makes the rename itself durable; a file system that cannot do so loses at most that.
    private static func syncFolder(of path: String) {
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
