import Basics
import Crypto

/// The SHA-256 of a file, in hexadecimal digits.
///
/// - Throws: `FileError` where the file cannot be read.
public func sha256(ofFile path: String) throws -> String {
    var hash = SHA256()
    try FileChunks(path: path).forEachChunk { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
}
