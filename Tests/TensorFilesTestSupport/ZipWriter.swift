import Foundation

/// Writes archives of stored entries, with its own CRC-32, and lets a test lie in any field.
package struct ZipWriter {
    package struct Entry {
        package var name: String
        package var contents: Data
        package var flags: UInt16 = 0
        package var method: UInt16 = 0
        package var claimedSize: UInt32?
        package var claimedOffset: UInt32?
        /// Whether the directory keeps sizes and offset in a zip64 field.
        package var isLong = false

        package init(
            name: String, contents: Data, flags: UInt16 = 0, method: UInt16 = 0,
            claimedSize: UInt32? = nil, claimedOffset: UInt32? = nil, isLong: Bool = false
        ) {
            self.name = name
            self.contents = contents
            self.flags = flags
            self.method = method
            self.claimedSize = claimedSize
            self.claimedOffset = claimedOffset
            self.isLong = isLong
        }
    }

    package var entries: [Entry]
    package var countOffset: UInt16 = 0

    package init(entries: [Entry], countOffset: UInt16 = 0) {
        self.entries = entries
        self.countOffset = countOffset
    }

    package func archive() -> Data {
        var file = Data()
        var directory = Data()
        for entry in entries {
            let offset = entry.claimedOffset ?? UInt32(file.count)
            let common = commonFields(of: entry)
            file += bytes([0x50, 0x4B, 3, 4], common, entry.name.utf8, entry.contents)
            let makeRecord = entry.isLong ? longRecord : record
            directory += makeRecord(entry, common, offset)
        }
        let count = (UInt16(entries.count) &+ countOffset).littleEndianBytes
        let end = bytes(
            [0x50, 0x4B, 5, 6], repeatElement(0, count: 4), count, count,
            UInt32(directory.count).littleEndianBytes, UInt32(file.count).littleEndianBytes, [0, 0])
        return file + directory + end
    }

    private func record(of entry: Entry, common: Data, offset: UInt32) -> Data {
        bytes(
            [0x50, 0x4B, 1, 2], UInt16(20).littleEndianBytes, common, repeatElement(0, count: 10),
            offset.littleEndianBytes, entry.name.utf8)
    }

    /// Moves sizes and offset into a zip64 field, behind a field that is none of ours.
    private func longRecord(of entry: Entry, common: Data, offset: UInt32) -> Data {
        let size = UInt64(entry.contents.count).littleEndianBytes
        let foreign: [UInt8] = [0x55, 0x54, 1, 0, 7]
        let extra = bytes(foreign, [1, 0, 24, 0], size, size, UInt64(offset).littleEndianBytes)
        var fields = common
        fields.replaceSubrange(14..<22, with: repeatElement(0xFF, count: 8))
        fields.replaceSubrange(24..<26, with: UInt16(extra.count).littleEndianBytes)
        return record(of: entry, common: fields, offset: .max) + extra
    }

    private func commonFields(of entry: Entry) -> Data {
        let size = UInt32(entry.contents.count)
        return bytes(
            UInt16(20).littleEndianBytes, entry.flags.littleEndianBytes,
            entry.method.littleEndianBytes, repeatElement(0, count: 4),
            Self.checksum(entry.contents).littleEndianBytes, size.littleEndianBytes,
            (entry.claimedSize ?? size).littleEndianBytes,
            UInt16(entry.name.utf8.count).littleEndianBytes, [0, 0])
    }

    package static func checksum(_ contents: Data) -> UInt32 {
        ~contents.reduce(UInt32.max) { checksum, byte in
            checksum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: checksum) ^ byte)]
        }
    }

    /// What CRC-32's polynomial makes of each byte, bit by bit as it is defined.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(byte) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
        }
    }
}

extension ZipWriter {
    /// A checkpoint with the given pickle and one storage, `data/0`.
    package static func checkpoint(pickle: Data, storage: Data = Data(count: 8)) -> Data {
        ZipWriter(entries: [
            Entry(name: "archive/data.pkl", contents: pickle),
            Entry(name: "archive/data/0", contents: storage),
        ]).archive()
    }
}
