import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The record at a zip archive's end, which says where the directory lies.
struct ZipEndRecord {
    let directory: Range<Int>
    let entryCount: UInt64

    init(of contents: Data) throws(ZipArchiveError) {
        let record = try Self.fixedPart(of: contents)
        guard record.isWhole else { throw .severalDisks }
        var (entryCount, size, offset) = (record.entryCount, record.size, record.offset)
        var limit = record.position
        if let locator = try Self.locator(before: record.position, in: contents) {
            guard let position = Int(exactly: locator), position <= limit,
                var cursor = ByteCursor(contents, at: position),
                cursor.integer(UInt32.self) == 0x0606_4B50, cursor.skip(12),
                let disk = cursor.integer(UInt32.self),
                let directoryDisk = cursor.integer(UInt32.self), cursor.skip(8),
                let longCount = cursor.integer(UInt64.self),
                let longSize = cursor.integer(UInt64.self),
                let longOffset = cursor.integer(UInt64.self)
            else { throw .badRecord("its zip64 end", offset: locator) }
            guard disk == 0, directoryDisk == 0 else { throw .severalDisks }
            (entryCount, size, offset) = (longCount, longSize, longOffset)
            limit = position
        }
        let (end, overflow) = offset.addingReportingOverflow(size)
        guard !overflow, end <= UInt64(limit) else {
            throw .badRecord("its directory", offset: offset)
        }
        directory = Int(offset)..<Int(end)
        self.entryCount = entryCount
    }

    private struct FixedPart {
        let position: Int
        let isWhole: Bool
        let entryCount: UInt64
        let size: UInt64
        let offset: UInt64
    }

    /// Searches backwards, because a comment of unknown length may follow the record.
    private static func fixedPart(of contents: Data) throws(ZipArchiveError) -> FixedPart {
        let length = 22
        let earliest = max(0, contents.count - length - Int(UInt16.max))
        for position in stride(from: contents.count - length, through: earliest, by: -1) {
            guard var cursor = ByteCursor(contents, at: position),
                cursor.integer(UInt32.self) == 0x0605_4B50,
                let disk = cursor.integer(UInt16.self),
                let directoryDisk = cursor.integer(UInt16.self),
                let countHere = cursor.integer(UInt16.self),
                let count = cursor.integer(UInt16.self),
                let size = cursor.integer(UInt32.self),
                let offset = cursor.integer(UInt32.self),
                let commentCount = cursor.integer(UInt16.self),
                cursor.remaining == Int(commentCount)
            else { continue }
            return FixedPart(
                position: position, isWhole: disk == 0 && directoryDisk == 0 && countHere == count,
                entryCount: UInt64(count), size: UInt64(size), offset: UInt64(offset))
        }
        throw .noDirectory
    }

    /// Finds the position of the zip64 record, where the archive has one.
    private static func locator(
        before position: Int, in contents: Data
    ) throws(ZipArchiveError) -> UInt64? {
        guard var cursor = ByteCursor(contents, at: position - 20),
            cursor.integer(UInt32.self) == 0x0706_4B50, let disk = cursor.integer(UInt32.self),
            let offset = cursor.integer(UInt64.self), let diskCount = cursor.integer(UInt32.self)
        else { return nil }
        guard disk == 0, diskCount <= 1 else { throw .severalDisks }
        return offset
    }
}

/// One record of a zip archive's directory, with its zip64 sizes filled in.
struct ZipFileHeader {
    let name: String
    let flags: UInt16
    let method: UInt16
    let checksum: UInt32
    private(set) var packedSize: UInt64
    private(set) var size: UInt64
    private(set) var offset: UInt64

    init(from cursor: inout ByteCursor) throws(ZipArchiveError) {
        let position = cursor.offset
        guard cursor.integer(UInt32.self) == 0x0201_4B50, cursor.skip(4),
            let flags = cursor.integer(UInt16.self),
            let method = cursor.integer(UInt16.self), cursor.skip(4),
            let checksum = cursor.integer(UInt32.self),
            let packedSize = cursor.integer(UInt32.self),
            let size = cursor.integer(UInt32.self),
            let nameCount = cursor.integer(UInt16.self),
            let extraCount = cursor.integer(UInt16.self),
            let commentCount = cursor.integer(UInt16.self), cursor.skip(8),
            let offset = cursor.integer(UInt32.self),
            let nameBytes = cursor.take(nameCount),
            let extra = cursor.take(extraCount), cursor.skip(commentCount)
        else { throw .badRecord("a directory entry", offset: UInt64(position)) }
        guard let name = String(validating: nameBytes, as: UTF8.self), !name.isEmpty else {
            throw .badName(offset: position)
        }
        self.name = name
        self.flags = flags
        self.method = method
        self.checksum = checksum
        self.packedSize = UInt64(packedSize)
        self.size = UInt64(size)
        self.offset = UInt64(offset)
        guard fillIn(from: extra) else {
            throw .badRecord("the zip64 sizes of \(name.quoted)", offset: UInt64(position))
        }
    }

    /// Replaces what 32 bits cannot hold by the 64-bit values that then stand in the extra field.
    private mutating func fillIn(from extra: Data) -> Bool {
        let isMissing = [size, packedSize, offset].map { $0 == UInt64(UInt32.max) }
        guard isMissing.contains(true) else { return true }
        var cursor = ByteCursor(extra)
        while let tag = cursor.integer(UInt16.self), let count = cursor.integer(UInt16.self),
            let field = cursor.take(count)
        {
            guard tag == 1 else { continue }
            var values = ByteCursor(field)
            for (path, isMissing) in zip([\Self.size, \.packedSize, \.offset], isMissing)
            where isMissing {
                guard let value = values.integer(UInt64.self) else { return false }
                self[keyPath: path] = value
            }
            return true
        }
        return false
    }
}
