import CZlib

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A zip archive in memory, whose entries are unpacked one at a time.
package struct ZipArchive: Sendable {
    /// The entries, in the order of the archive's directory.
    package let entries: [ZipEntry]

    private let contents: Data
    private let indices: [String: Int]

    /// Reads an archive's directory and checks it against the file.
    ///
    /// - Parameter contents: the whole file.
    /// - Throws: `ZipArchiveError` where the directory is damaged or refers to what is not there.
    package init(_ contents: Data) throws(ZipArchiveError) {
        let directory = try ZipDirectory(of: contents)
        var indices: [String: Int] = [:]
        for (index, entry) in directory.entries.enumerated() {
            guard indices.updateValue(index, forKey: entry.name) == nil else {
                throw .duplicateName(entry.name)
            }
        }
        entries = directory.entries
        self.contents = contents
        self.indices = indices
    }

    /// Finds an entry by its whole name.
    ///
    /// - Parameter name: the name with its folders, such as `archive/data.pkl`.
    package subscript(name: String) -> ZipEntry? {
        indices[name].map { entries[$0] }
    }

    /// Unpacks an entry and compares its checksum.
    ///
    /// - Parameter entry: one of this archive's entries.
    /// - Returns: the entry's bytes; for a stored entry a slice of the file.
    /// - Throws: `ZipArchiveError` where the bytes are damaged.
    package func bytes(of entry: ZipEntry) throws(ZipArchiveError) -> Data {
        let start = contents.startIndex
        let packed = contents[start + entry.range.lowerBound..<start + entry.range.upperBound]
        let bytes =
            switch entry.method {
            case .stored: packed
            case .deflated: try inflated(packed, of: entry)
            }
        let checksum = Self.checksum(of: bytes)
        guard checksum == entry.checksum else {
            throw .checksum(entry: entry.name, expected: entry.checksum, found: checksum)
        }
        return bytes
    }

    private static func checksum(of bytes: Data) -> UInt32 {
        bytes.withUnsafeBytes { buffer in
            UInt32(crc32_z(0, buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count))
        }
    }

    private func inflated(_ packed: Data, of entry: ZipEntry) throws(ZipArchiveError) -> Data {
        guard let unpacked = Inflation.unpack(packed, size: entry.size) else {
            throw .damaged(entry: entry.name)
        }
        return unpacked
    }
}

/// One entry of a zip archive's directory.
package struct ZipEntry: Sendable {
    /// How an entry's bytes are packed.
    package enum Method: Sendable {
        /// The bytes as they are.
        case stored
        /// A raw deflate stream.
        case deflated
    }

    /// The name with its folders.
    package let name: String
    /// How the bytes are packed.
    package let method: Method
    /// The size of the bytes when unpacked.
    package let size: Int
    /// The CRC-32 of the unpacked bytes.
    let checksum: UInt32
    /// Where the packed bytes lie, counted from the start of the file.
    let range: Range<Int>
}
