import Foundation

/// Reads texts, and says in words why one cannot be read.
package enum TextFile {
    /// Why a file cannot be read, as the end of a sentence.
    package struct Unreadable: Error {
        package let reason: String
    }

    /// The bytes of a file.
    package static func data(of path: String) throws(Unreadable) -> Data {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Unreadable(reason: "it does not exist")
        }
        guard !isFolder.boolValue else { throw Unreadable(reason: "it is a folder") }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw Unreadable(reason: FileError.reason(of: error))
        }
    }

    /// The text of a file in UTF-8.
    package static func contents(of path: String) throws(Unreadable) -> String {
        try text(try data(of: path))
    }

    /// Bytes as text in UTF-8.
    package static func text(_ data: Data) throws(Unreadable) -> String {
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw Unreadable(reason: "it is not UTF-8")
        }
        return text
    }
}
