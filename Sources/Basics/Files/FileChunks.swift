import Foundation

/// Reads a file in pieces through one buffer.
package final class FileChunks {
    package let byteCount: Int
    private let path: String
    private let descriptor: Int32

    package init(path: String) throws(FileError) {
        self.path = path
        // To wait for whoever writes to a pipe is not what is wanted.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw FileError.reading(path)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = FileError.reading(path)
            close(descriptor)
            throw error
        }
        guard status.st_mode & S_IFMT != S_IFIFO else {
            close(descriptor)
            throw FileError.cannotRead(path: path, reason: "it is a pipe, expected a file")
        }
        byteCount = Int(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    package func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw FileError.reading(path)
                }
                guard count > 0 else { return }
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }
}
