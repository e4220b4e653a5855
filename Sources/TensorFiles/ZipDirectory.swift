import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A zip archive's directory, with every entry found to lie inside the file and alone.
struct ZipDirectory {
    /// What all deflated entries of an archive may expand to together.
    static let expansionLimit = 1 << 30

    private(set) var entries: [ZipEntry] = []

    private let contents: Data
    private let end: ZipEndRecord
    private var expansion = 0

    init(of contents: Data) throws(ZipArchiveError) {
        self.contents = contents
        end = try ZipEndRecord(of: contents)
        guard var cursor = ByteCursor(contents, at: end.directory.lowerBound) else {
            throw .noDirectory
        }
        var extents: [(range: Range<Int>, name: String)] = []
        while cursor.offset < end.directory.upperBound {
            let header = try ZipFileHeader(from: &cursor)
            let range = try packedRange(of: header)
            extents.append((Int(header.offset)..<range.upperBound, header.name))
            entries.append(try entry(header, at: range))
        }
        guard UInt64(entries.count) == end.entryCount else {
            throw .entryCount(expected: end.entryCount, found: entries.count)
        }
        extents.sort { $0.range.lowerBound < $1.range.lowerBound }
        for (former, latter) in zip(extents, extents.dropFirst())
        where former.range.upperBound > latter.range.lowerBound {
            throw .overlap(entry: latter.name, other: former.name)
        }
    }

    /// Finds an entry's packed bytes behind the second copy of its header.
    private func packedRange(of header: ZipFileHeader) throws(ZipArchiveError) -> Range<Int> {
        guard let offset = Int(exactly: header.offset), offset < end.directory.lowerBound,
            var cursor = ByteCursor(contents, at: offset)
        else { throw .outsideFile(entry: header.name) }
        guard cursor.integer(UInt32.self) == 0x0403_4B50, cursor.skip(22),
            let nameCount = cursor.integer(UInt16.self),
            let extraCount = cursor.integer(UInt16.self),
            let name = cursor.take(nameCount), name.elementsEqual(header.name.utf8),
            cursor.skip(extraCount)
        else { throw .badRecord("the header of \(header.name.quoted)", offset: header.offset) }
        let start = cursor.offset
        guard cursor.skip(header.packedSize), cursor.offset <= end.directory.lowerBound else {
            throw .outsideFile(entry: header.name)
        }
        return start..<cursor.offset
    }

    private mutating func entry(
        _ header: ZipFileHeader, at range: Range<Int>
    ) throws(ZipArchiveError) -> ZipEntry {
        let hidden: UInt16 = 1 << 0 | 1 << 6 | 1 << 13
        guard header.flags & hidden == 0 else { throw .encrypted(entry: header.name) }
        let (method, size) = try unpackedSize(of: header, packed: range.count)
        return ZipEntry(
            name: header.name, method: method, size: size, checksum: header.checksum, range: range)
    }

    private mutating func unpackedSize(
        of header: ZipFileHeader, packed: Int
    ) throws(ZipArchiveError) -> (ZipEntry.Method, Int) {
        switch header.method {
        case 0:
            guard header.size == header.packedSize else {
                throw .storedSize(
                    entry: header.name, expected: header.size, found: header.packedSize)
            }
            return (.stored, packed)
        case 8:
            let possible = packed.multipliedReportingOverflow(by: Inflation.greatestRatio)
            let limit = min(
                Self.expansionLimit - expansion, possible.overflow ? .max : possible.partialValue)
            guard let size = Int(exactly: header.size), size <= limit else {
                throw .expandsTooMuch(entry: header.name, claimed: header.size, limit: limit)
            }
            expansion += size
            return (.deflated, size)
        default:
            throw .unknownMethod(entry: header.name, method: header.method)
        }
    }
}
