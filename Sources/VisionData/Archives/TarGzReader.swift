import Foundation

/// Reads a `.tar.gz` archive from front to back, without holding it in memory.
///
/// Understands ustar, pax and GNU long names. Links, devices and paths that leave the archive's
/// folder are refused, because no data set needs them and unpacking them is not safe.
public struct TarGzReader {
    /// A file or folder in the archive.
    public struct Member: Equatable, Sendable {
        /// The path from the archive's folder, without `.` components or a slash at its end.
        public let path: String
        /// The number of bytes of the file, zero for a folder.
        public let byteCount: Int
        /// Whether the member is a folder.
        public let isDirectory: Bool
    }

    let archive: URL

    /// Makes a reader, which opens the archive only when it is asked to read.
    ///
    /// - Parameter archive: The archive's place on disk.
    public init(_ archive: URL) {
        self.archive = archive
    }

    /// Visits every member in order, then verifies the end of the gzip stream.
    ///
    /// - Parameter visit: Takes a member and its contents, of which it may read any part.
    /// - Throws: What `visit` throws, or an `ArchiveError` if the archive is damaged or not safe.
    public func forEachMember(
        _ visit: (Member, TarMemberContents) throws -> Void
    ) throws {
        let stream = try GunzipStream(path: archive.path)
        var extended = ExtendedHeader()
        while let header = try nextHeader(stream) {
            let size = extended.size ?? header.size
            let path = extended.path ?? header.path
            let contents = TarMemberContents(
                stream, path: archive.path, member: path, byteCount: size)
            switch header.kind {
            case UInt8(ascii: "x"), UInt8(ascii: "L"), UInt8(ascii: "K"):
                try read(contents, header, into: &extended, at: stream.offset)
            case UInt8(ascii: "g"):
                // Defaults for all members: times, owners and comments, none of which matter here.
                break
            default:
                extended = ExtendedHeader()
                try visit(try member(path, size, header.kind), contents)
            }
            try contents.finish()
        }
        try drain(stream)
    }

    private func nextHeader(_ stream: GunzipStream) throws -> TarHeader? {
        let missing = "a header or the end-of-archive block at byte \(stream.offset) of the stream"
        let start = stream.offset
        return try withUnsafeTemporaryAllocation(byteCount: TarHeader.byteCount, alignment: 1) {
            (block) -> TarHeader? in
            guard try stream.read(into: block, missing) == TarHeader.byteCount else {
                throw ArchiveError.truncated(path: archive.path, missing: missing)
            }
            do {
                return try TarHeader(UnsafeRawBufferPointer(block))
            } catch let error as TarHeader.Invalid {
                throw ArchiveError.corruptHeader(
                    path: archive.path, offset: start, reason: error.reason)
            }
        }
    }

    private func read(
        _ contents: TarMemberContents, _ header: TarHeader, into extended: inout ExtendedHeader,
        at offset: Int
    ) throws {
        guard header.size <= ExtendedHeader.maximumBytes else {
            throw ArchiveError.corruptHeader(
                path: archive.path, offset: offset,
                reason: "an extended header of \(header.size) bytes")
        }
        let bytes = try contents.readAll()
        switch header.kind {
        case UInt8(ascii: "L"):
            extended.path = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        case UInt8(ascii: "x"):
            guard extended.read(pax: bytes) else {
                throw ArchiveError.corruptHeader(
                    path: archive.path, offset: offset, reason: "a pax record that does not parse")
            }
        default:
            // The long target of a link: the link itself is refused when it comes.
            break
        }
    }

    private func member(_ path: String, _ size: Int, _ kind: UInt8) throws -> Member {
        let components = path.split(separator: "/").filter { $0 != "." }
        let isDirectory = kind == UInt8(ascii: "5")
        let namesRoot = components.isEmpty && !isDirectory
        guard !path.hasPrefix("/"), !components.contains(".."), !path.contains("\0"), !namesRoot
        else {
            throw ArchiveError.unsafePath(path: archive.path, member: path)
        }
        let isFile = [0, UInt8(ascii: "0"), UInt8(ascii: "7")].contains(kind)
        guard isFile || isDirectory else {
            throw ArchiveError.unsupportedMember(
                path: archive.path, member: path, kind: Self.describe(kind))
        }
        return Member(
            path: components.joined(separator: "/"), byteCount: isDirectory ? 0 : size,
            isDirectory: isDirectory)
    }

    /// Reads what follows the end-of-archive block, because the checksum of it all stands last.
    private func drain(_ stream: GunzipStream) throws {
        try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
            while try stream.read(into: buffer, "the gzip trailer") > 0 {}
        }
    }

    private static func describe(_ kind: UInt8) -> String {
        switch kind {
        case UInt8(ascii: "1"): "a hard link"
        case UInt8(ascii: "2"): "a symbolic link"
        case UInt8(ascii: "3"), UInt8(ascii: "4"): "a device"
        case UInt8(ascii: "6"): "a named pipe"
        default: "of the unknown type \(kind)"
        }
    }
}

/// What a pax or GNU header says about the member after it.
private struct ExtendedHeader {
    /// More than any path needs; a header that claims more is not read into memory.
    static let maximumBytes = 1 << 20

    var path: String?
    var size: Int?

    /// Reads records of the form `LENGTH KEY=VALUE\n`, and returns whether all of them parse.
    mutating func read(pax bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard let length = Int(String(decoding: digits, as: UTF8.self)),
                digits.count + 1 < length, length <= rest.count
            else { return false }
            let record = rest.prefix(length).dropFirst(digits.count + 1)
            guard let separator = record.firstIndex(of: UInt8(ascii: "=")),
                record.last == UInt8(ascii: "\n")
            else { return false }
            let value = String(decoding: record[separator...].dropFirst().dropLast(), as: UTF8.self)
            switch String(decoding: record[..<separator], as: UTF8.self) {
            case "path": path = value
            case "size":
                guard let number = Int(value), number >= 0 else { return false }
                size = number
            default: break
            }
            rest = rest.dropFirst(length)
        }
        return true
    }
}
