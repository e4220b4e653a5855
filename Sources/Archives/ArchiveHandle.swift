import Basics
import CArchive
import Foundation

/// An archive that libarchive reads, from a stream of unpacked bytes or from a plain file.
///
/// Only the tar formats and zip are understood. What libarchive reports becomes an `ArchiveError`.
final class ArchiveHandle {
    /// The formats of archives.
    enum Format {
        /// All kinds of tar.
        case tar
        /// Zip, whose members are listed at its end.
        case zip
    }

    private let path: String
    private let format: Format
    private let archive: OpaquePointer
    private let stream: Stream?

    /// The name of the member whose header was read last.
    private var member: String?

    /// What the stream's callback works with.
    private final class Stream {
        let file: InflatedFile
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
        var failure: (any Error)?

        init(_ file: InflatedFile) { self.file = file }

        deinit { buffer.deallocate() }
    }

    /// Reads a tar archive as a stream from front to back.
    init(_ file: InflatedFile, path: String) throws {
        self.path = path
        format = .tar
        let stream = Stream(file)
        self.stream = stream
        archive = Self.makeReader(format)
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(stream).toOpaque(), nil,
            { archive, context, bytes in
                guard let context else { return -1 }
                let stream = Unmanaged<Stream>.fromOpaque(context).takeUnretainedValue()
                do {
                    let count = try stream.file.read(into: stream.buffer)
                    bytes?.pointee = UnsafeRawPointer(stream.buffer.baseAddress)
                    return count
                } catch {
                    stream.failure = error
                    return -1
                }
            }, nil)
        guard opened == ARCHIVE_OK else { throw failure() }
    }

    /// Reads a file, whose members that are not read are passed over without reading them.
    init(descriptor: Int32, path: String, _ format: Format) throws {
        self.path = path
        self.format = format
        stream = nil
        archive = Self.makeReader(format)
        // The headers of a tar lie apart, and what is between them is not wanted.
        let block = format == .tar ? 4096 : 1 << 17
        guard archive_read_open_fd(archive, descriptor, block) == ARCHIVE_OK else {
            throw failure()
        }
    }

    deinit { archive_read_free(archive) }

    private static func makeReader(_ format: Format) -> OpaquePointer {
        guard let archive = archive_read_new() else {
            preconditionFailure("libarchive: no memory for a reader")
        }
        switch format {
        case .tar: archive_read_support_format_tar(archive)
        case .zip: archive_read_support_format_zip_seekable(archive)
        }
        return archive
    }

    /// The header of a member, as it stands in the archive.
    struct Header {
        /// The path as written.
        let path: String
        /// The number of bytes of its contents.
        let byteCount: Int
        /// The kind of the member, as `S_IFREG`; nil for a hard link.
        let kind: mode_t?
        /// Whether its bytes stand in one piece.
        let isWhole: Bool
        /// Where its headers begin in the unpacked archive.
        let offset: Int
    }

    /// Where the header that was read last begins.
    var headerOffset: Int { Int(archive_read_header_position(archive)) }

    /// Goes on to the next member.
    ///
    /// - Returns: nil at the archive's end.
    /// - Throws: `ArchiveError`, or what reading the file throws.
    func next() throws -> Header? {
        var entry: OpaquePointer?
        let status = archive_read_next_header(archive, &entry)
        if status == ARCHIVE_EOF { return nil }
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
            throw failure()
        }
        guard
            let name = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry)
        else {
            throw ArchiveError.corruptHeader(
                path: path, member: member, reason: "a name that is not text")
        }
        member = String(cString: name)
        guard archive_entry_size(entry) >= 0 else {
            throw ArchiveError.corruptHeader(
                path: path, member: member, reason: "a size below zero")
        }
        let isLink = archive_entry_hardlink(entry) != nil
        return Header(
            path: String(cString: name), byteCount: Int(archive_entry_size(entry)),
            kind: isLink ? nil : archive_entry_filetype(entry),
            isWhole: archive_entry_sparse_count(entry) == 0, offset: headerOffset)
    }

    /// Reads bytes of the member.
    ///
    /// - Returns: how many bytes; 0 at the member's end.
    func read(into buffer: UnsafeMutableRawBufferPointer, of member: String) throws -> Int {
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw failure(in: member) }
        return count
    }

    private func failure(in member: String? = nil) -> any Error {
        if let failure = stream?.failure { return failure }
        let text = archive_error_string(archive).map { String(cString: $0) }
        guard format == .tar else { return zipFailure(text ?? "no zip record", in: member) }
        let reason = text ?? "no tar header"
        if reason.contains("Truncated") {
            let missing =
                member.map { "the rest of \"\($0)\"" }
                ?? self.member.map { "a header behind \"\($0)\"" }
            return ArchiveError.truncated(path: path, missing: missing ?? "a header")
        }
        if reason.contains("Unrecognized") { return ArchiveError.notArchive(path: path) }
        return ArchiveError.corruptHeader(path: path, member: self.member, reason: reason)
    }
    private func zipFailure(_ reason: String, in member: String?) -> ArchiveError {
        if reason.contains("Unrecognized") { return .notZip(path: path) }
        guard let member else {
            return .corruptZip(path: path, member: self.member, reason: reason)
        }
        return reason.contains("Truncated")
            ? .truncated(path: path, missing: "the rest of \"\(member)\"")
            : .corruptMember(path: path, member: member, reason: reason)
    }
}
