import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps other processes out of a folder for as long as it lives.
package final class FolderLock: Sendable {
    /// Why a folder could not be locked.
    package enum Failure: Error {
        /// The lock's file cannot be made.
        case unwritable(reason: String)
        /// Another process has it.
        case inUse
    }

    private let descriptor: Int32

    /// Makes the folder where it is missing, and takes its lock.
    ///
    /// - Parameter folder: where the file `lock` lies.
    /// - Throws: `Failure`.
    package init(_ folder: String) throws(Failure) {
        do throws(FileError) {
            try Disk.makeDirectory(URL(fileURLWithPath: folder, isDirectory: true))
        } catch {
            throw .unwritable(reason: error.reason)
        }
        descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .unwritable(reason: String(cString: strerror(errno)))
        }
        // From here on `deinit` closes it, also after an error.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse }
    }

    deinit { close(descriptor) }
}
