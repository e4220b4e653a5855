/// The bytes of the member that an archive's reader stands at.
public final class MemberContents {
    private let handle: ArchiveHandle
    private let path: String
    private let member: String
    private var remaining: Int

    init(_ handle: ArchiveHandle, path: String, member: String, byteCount: Int) {
        self.handle = handle
        self.path = path
        self.member = member
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
                let count = try handle.read(into: piece, of: member)
                guard count > 0 else {
                    throw ArchiveError.truncated(path: path, missing: "the rest of \"\(member)\"")
                }
                remaining -= count
                try body(UnsafeRawBufferPointer(rebasing: piece.prefix(count)))
            }
            try verifyEnd(buffer)
        }
    }

    /// Reads behind the last byte, where the checksum of a zip archive's member is verified.
    private func verifyEnd(_ buffer: UnsafeMutableRawBufferPointer) throws {
        guard try handle.read(into: buffer, of: member) == 0 else {
            throw ArchiveError.corruptMember(
                path: path, member: member, reason: "more bytes than its size says")
        }
    }

    /// The bytes that have not been read yet, for members that are small.
    ///
    /// - Throws: An `ArchiveError` if the archive is damaged.
    package func readAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachChunk { bytes.append(contentsOf: $0) }
        return bytes
    }
}
