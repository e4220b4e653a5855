import Basics

/// Why a file of annotations or results cannot be used.
public enum COCOFileError: Error, Sendable, Equatable {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// Something else than was expected stands in the file.
    ///
    /// The entry is one of a list of the file, such as `annotation 3`, or the file.
    case unexpected(path: String, entry: String, offset: Int, expected: String, found: String)
    /// The file ends too early.
    case cutOff(path: String, entry: String, byteCount: Int, expected: String)
}

extension COCOFileError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) could not be read: \(reason); check the path and its permissions"
        case .unexpected(let path, let entry, let offset, let expected, let found):
            "\(path): \(entry) should have \(expected) at byte \(offset), but has \(found); "
                + "correct the file, or make it anew"
        case .cutOff(let path, let entry, let byteCount, let expected):
            "\(path) ends after \(byteCount) bytes within \(entry), where \(expected) should follow; "
                + "the file is cut off, so get it or make it anew"
        }
    }
}

extension COCOFileError {
    init(_ error: JSONError, path: String, entry: String) {
        self =
            error.isAtEnd
            ? .cutOff(
                path: path, entry: entry, byteCount: error.offset, expected: error.expected)
            : .unexpected(
                path: path, entry: entry, offset: error.offset, expected: error.expected,
                found: error.found)
    }
}
