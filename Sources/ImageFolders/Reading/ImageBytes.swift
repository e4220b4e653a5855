import Basics
import Foundation

/// Reads the bytes of listed images, one after the other, into memory of its own.
final class ImageBytes {
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

    deinit { buffer.deallocate() }

    /// Hands over an image's bytes, which are valid during the call.
    ///
    /// - Throws: `FileError` where they cannot be read, and what `body` throws.
    func with<Result>(
        _ location: ImageList.Location, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        let path = location.file
        // To wait for whoever writes to a pipe is not what is wanted.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.reading(path) }
        defer { close(descriptor) }
        let part = try location.part ?? 0..<Self.size(of: descriptor, path)
        if part.count > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: part.count + part.count / 4, alignment: 64)
        }
        var done = 0
        while done < part.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<part.count])
            let count = pread(
                descriptor, rest.baseAddress, rest.count, off_t(part.lowerBound + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError.reading(path) }
            guard count > 0 else {
                throw FileError.cannotRead(
                    path: path, reason: "it is shorter than when it was listed")
            }
            done += count
        }
        return try body(UnsafeRawBufferPointer(rebasing: buffer[..<part.count]))
    }

    private static func size(of descriptor: Int32, _ path: String) throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.reading(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError.cannotRead(path: path, reason: "it is no file")
        }
        return Int(status.st_size)
    }
}
