import Foundation

/// Operations on folders that say why they failed, which Foundation's own often do not.
package enum Disk {
    package static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }

    package static func isDirectory(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    package static func isFile(_ url: URL) -> Bool { exists(url) && !isDirectory(url) }

    /// Finds out before any work whether there is a place for a file.
    ///
    /// - Parameter path: of the file; relative to the working folder where it does not begin with a slash.
    /// - Throws: `FileError.noFolder`, or `.cannotWrite` where it is a folder itself.
    package static func requirePlace(forFile path: String) throws(FileError) {
        let url = URL(filePath: path)
        let folder = url.deletingLastPathComponent()
        guard isDirectory(folder) else { throw .noFolder(folder.path, for: path) }
        guard !isDirectory(url) else { throw .cannotWrite(path: path, reason: "it is a folder") }
    }

    /// Makes a folder and those above it, unless they are there.
    package static func makeDirectory(_ url: URL) throws(FileError) {
        guard mkdir(url.path, 0o755) != 0 else { return }
        var problem = errno
        let parent = url.deletingLastPathComponent()
        if problem == ENOENT {
            // Some file systems, as /proc, say so of a folder that is there.
            if !exists(parent) { try makeDirectory(parent) }
            guard mkdir(url.path, 0o755) != 0 else { return }
            problem = errno
        }
        guard problem == EEXIST, isDirectory(url) else {
            throw FileError.cannotWrite(path: url.path, reason: String(cString: strerror(problem)))
        }
    }

    /// Gives a file or folder another place on the same disk, in one step.
    package static func move(_ source: URL, to target: URL) throws(FileError) {
        guard rename(source.path, target.path) == 0 else {
            throw FileError.writing(target.path)
        }
    }

    /// How many bytes can still be written to the disk that a file or folder is on; nil where the system does not say.
    package static func freeBytes(at url: URL) -> Int? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: url.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
    }

    package static func contents(of directory: URL) throws(FileError) -> [URL] {
        do {
            return try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil)
        } catch {
            throw FileError.cannotRead(path: directory.path, reason: FileError.reason(of: error))
        }
    }

    /// Removes a file, or a folder with all that is in it, if it is there.
    package static func remove(_ url: URL) throws(FileError) {
        guard exists(url) else { return }
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            throw FileError.cannotWrite(path: url.path, reason: FileError.reason(of: error))
        }
    }
}
