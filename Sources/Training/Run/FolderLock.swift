import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps other processes out of a folder for as long as it lives.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Makes the folder where it is missing, and takes its lock.
    ///
    /// - Parameters:
    ///   - folder: where the file `lock` lies.
    ///   - path: the folder as its user knows it, for errors.
    /// - Throws: `RunFolderError.unwritable` or `.inUse`.
    init(_ folder: String, of path: String) throws(RunFolderError) {
        guard Self.makeFolder(folder) else {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
        descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
        // From here on `deinit` closes it, also after an error.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse(path: path) }
    }

    deinit { close(descriptor) }

    /// Makes a folder and those above it where they are missing; `errno` tells why it could not.
    private static func makeFolder(_ path: String) -> Bool {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return true }
        let parent = (path as NSString).deletingLastPathComponent
        guard errno == ENOENT, !parent.isEmpty, makeFolder(parent) else { return false }
        return mkdir(path, 0o755) == 0
    }
}
