import Foundation

/// A file that is written from front to back, with the system's own words when that fails.
package final class FileSink: Sendable {
    /// What happens to the bytes that are in the file already.
    package enum Mode {
        case truncating
        case appending
    }

    private let path: String
    private let descriptor: Int32

    package init(path: String, _ mode: Mode) throws(FileError) {
        self.path = path
        let flag = mode == .appending ? O_APPEND : O_TRUNC
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flag, 0o644)
        guard descriptor >= 0 else {
            throw FileError.writing(path)
        }
    }

    deinit {
        close(descriptor)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = systemWrite(descriptor, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FileError.writing(path)
            }
            rest = rest.dropFirst(count)
        }
    }

    package func write(_ data: Data) throws(FileError) {
        let result = data.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try write(bytes) }
        }
        try result.get()
    }

    /// Waits until the bytes are on the disk, so that a rename after it never outruns them.
    package func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else {
            throw FileError.writing(path)
        }
    }
}

/// `write` of the C library, which a method of the same name would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
