import Crypto
import Foundation
import VisionData

/// The SHA-256 of a file, in hexadecimal digits.
///
/// - Throws: where the file cannot be read.
public func sha256(ofFile path: String) throws -> String {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? file.close() }
    var hash = SHA256()
    while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty {
        hash.update(data: chunk)
    }
    return hash.finalize().hexadecimal
}
