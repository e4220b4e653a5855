import Archives
import Basics
import Crypto
import Foundation

/// Tells whether an archive holds what was published.
enum ArchiveDigest {
    /// The MD5 of a file, which is what the publisher gives.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - progress: Is told how many bytes are done.
    /// - Returns: The digest in hexadecimal.
    /// - Throws: A `FileError` where the file cannot be read.
    static func md5(_ path: String, progress: (Int) -> Void = { _ in }) throws -> String {
        var hash = Insecure.MD5()
        var done = 0
        try FileChunks(path: path).forEachChunk {
            hash.update(bufferPointer: $0)
            done += $0.count
            progress(done)
        }
        return hash.finalize().hexadecimal
    }

    /// Whether the files inside are the published ones, though the archive was packed anew.
    ///
    /// Mirrors pack the same files again, with other dates and another compression.
    static func holdsPublishedFiles(of published: PublishedArchive, _ archive: URL) throws -> Bool {
        var expected: [String: String] = [:]
        for file in published.files {
            guard let sha256 = file.sha256 else { return false }
            expected[published.folderName + "/" + file.name] = sha256
        }
        do {
            try ArchiveReader(archive).forEachMember { member, contents in
                guard let sha256 = expected[member.path] else { return }
                var hash = SHA256()
                try contents.forEachChunk { hash.update(bufferPointer: $0) }
                if hash.finalize().hexadecimal == sha256 {
                    expected[member.path] = nil
                }
            }
        } catch is ArchiveError {
            // Whatever is wrong with it, it is not the published archive.
            return false
        }
        return expected.isEmpty
    }
}
