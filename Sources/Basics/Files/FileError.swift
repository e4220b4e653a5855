import Foundation

/// An operation on a file or folder that the system refused.
public enum FileError: Error, Equatable {
    /// A file or folder cannot be read.
    case cannotRead(path: String, reason: String)
    /// A file or folder cannot be made, written, moved or removed.
    case cannotWrite(path: String, reason: String)
    /// A file is to lie in a folder that is not there.
    case noFolder(String, for: String)
    /// A file cannot be given new contents; it still has the old ones, whole.
    case cannotReplace(path: String, reason: String)
}

extension FileError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .cannotRead(let path, let reason):
            "\(path) could not be read: \(reason); check the path and its permissions"
        case .cannotWrite(let path, let reason):
            "\(path) could not be written: \(reason); check the free space and the permissions"
        case .noFolder(let folder, let path):
            "\(path) could not be written: there is no folder \(folder); make it, or choose another file"
        case .cannotReplace(let path, let reason):
            "\(path) could not be written: \(reason); what was saved before is untouched; free some "
                + "space, or choose another folder"
        }
    }
}

extension FileError {
    /// What the system says.
    package var reason: String {
        switch self {
        case .cannotRead(_, let reason), .cannotWrite(_, let reason),
            .cannotReplace(_, let reason):
            reason
        case .noFolder(let folder, _): "there is no folder \(folder)"
        }
    }

    /// What the system said, which Foundation keeps inside an error that it has no words for.
    package static func reason(of error: any Error) -> String {
        let error = error as NSError
        let inner = error.userInfo[NSUnderlyingErrorKey] as? any Error
        let cause = inner.map { $0 as NSError } ?? error
        return cause.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(cause.code))) : error.localizedDescription
    }

    /// An error of Foundation's on a file, in one sentence; nil for any other error.
    package init?(foundation error: any Error) {
        guard let error = error as? CocoaError, let path = error.filePath else { return nil }
        let reason = Self.reason(of: error)
        self =
            error.isFileError && error.code.rawValue >= CocoaError.fileWriteUnknown.rawValue
            ? .cannotWrite(path: path, reason: reason) : .cannotRead(path: path, reason: reason)
    }

    /// What the system has just said to a read.
    package static func reading(_ path: String) -> FileError {
        .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }

    /// What the system has just said to a write.
    package static func writing(_ path: String) -> FileError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}
