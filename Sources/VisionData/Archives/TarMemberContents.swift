/// The bytes of the member that a tar reader stands at.
public final class TarMemberContents {
    private let stream: GunzipStream
    private let path: String
    private let member: String
    private let byteCount: Int
    private var remaining: Int

    init(_ stream: GunzipStream, path: String, member: String, byteCount: Int) {
        self.stream = stream
        self.path = path
        self.member = member
        self.byteCount = byteCount
        remaining = byteCount
    }

    /// Hands over the bytes that have not been read yet, piece by piece.
    ///
    /// - Parameter body: Takes a piece, which is valid only during the call.
    /// - Throws: What `body` throws, or an `ArchiveError` if the archive is damaged.
    public func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try withUnsafeTemporaryAllocation(byteCount: 1 << 17, alignment: 16) { buffer in
            while remaining > 0 {
                let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(remaining))
                let found = byteCount - remaining
                let missing = "\(byteCount) bytes of \"\(member)\" (\(found) are there)"
                let count = try stream.read(into: piece, missing)
                guard count > 0 else {
                    throw ArchiveError.truncated(path: path, missing: missing)
                }
                remaining -= count
                try body(UnsafeRawBufferPointer(rebasing: piece.prefix(count)))
            }
        }
    }

    /// The bytes that have not been read yet, for members that are small.
    func readAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachChunk { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Passes over what is left of the member and the padding up to the next header.
    func finish() throws {
        try forEachChunk { _ in }
        let header = TarHeader.byteCount
        let padding = TarMemberContents(
            stream, path: path, member: "the padding after \(member)",
            byteCount: (header - byteCount % header) % header)
        try padding.forEachChunk { _ in }
    }
}
