import Foundation

/// An operation on a file or folder that the system refused.
public enum FileError: Error, Equatable {
    /// A file or folder cannot be read.
    case cannotRead(path: String, reason: String)
    /// A file or folder cannot be made, written, moved or removed.
    case cannotWrite(path: String, reason: String)
}

extension FileError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .cannotRead(let path, let reason):
            "\(path): expected something to read, found: \(reason); check the path and its "
                + "permissions"
        case .cannotWrite(let path, let reason):
            "\(path): expected to write here, found: \(reason); check the free space and the "
                + "permissions"
        }
    }
}

extension FileError {
    /// What the system has just said to a read.
    static func reading(_ path: String) -> FileError {
        .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }

    /// What the system has just said to a write.
    static func writing(_ path: String) -> FileError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}
