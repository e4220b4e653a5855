import Foundation

/// Writes archives, with its own CRC-32, and lets a test lie in any field.
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
        /// The contents as they stand in the archive, where the method packs them.
        package var packed: Data?
        /// The size that a zip64 field of the directory claims.
        package var claimedLongSize: UInt64?
        /// The file's mode and kind as Unix has them, such as 0o100644 of a file.
        package var mode: UInt16?

        package init(
            name: String, contents: Data, flags: UInt16 = 0, method: UInt16 = 0,
            claimedSize: UInt32? = nil, claimedOffset: UInt32? = nil, isLong: Bool = false,
            packed: Data? = nil, claimedLongSize: UInt64? = nil, mode: UInt16? = nil
        ) {
            self.name = name
            self.contents = contents
            self.flags = flags
            self.method = method
            self.claimedSize = claimedSize
            self.claimedOffset = claimedOffset
            self.isLong = isLong
            self.packed = packed
            self.claimedLongSize = claimedLongSize
            self.mode = mode
        }

        fileprivate var stored: Data { packed ?? contents }
    }

    package var entries: [Entry]
    package var countOffset: UInt16 = 0
    /// Whether the end of the archive has a zip64 record, and leaves its own numbers to it.
    package var isLong = false

    package init(entries: [Entry], countOffset: UInt16 = 0, isLong: Bool = false) {
        self.entries = entries
        self.countOffset = countOffset
        self.isLong = isLong
    }

    package func archive() -> Data {
        var file = Data()
        var directory = Data()
        for entry in entries {
            let offset = entry.claimedOffset ?? UInt32(file.count)
            let common = commonFields(of: entry)
            file += bytes([0x50, 0x4B, 3, 4], common, entry.name.utf8, entry.stored)
            let makeRecord = entry.isLong ? longRecord : record
            directory += makeRecord(entry, common, offset)
        }
        if isLong { return file + directory + longEnd(file.count, directory.count) }
        let count = (UInt16(entries.count) &+ countOffset).littleEndianBytes
        let end = bytes(
            [0x50, 0x4B, 5, 6], repeatElement(0, count: 4), count, count,
            UInt32(directory.count).littleEndianBytes, UInt32(file.count).littleEndianBytes, [0, 0])
        return file + directory + end
    }

    private func record(of entry: Entry, common: Data, offset: UInt32) -> Data {
        // A maker of 3 says that the upper half of the attributes is a mode of Unix.
        let maker: UInt16 = entry.mode == nil ? 20 : 3 << 8 | 20
        return bytes(
            [0x50, 0x4B, 1, 2], maker.littleEndianBytes, common, repeatElement(0, count: 6),
            [0, 0], (entry.mode ?? 0).littleEndianBytes, offset.littleEndianBytes, entry.name.utf8)
    }

    /// The zip64 record of the end, where it is, and an end that refers to it.
    private func longEnd(_ offset: Int, _ directoryBytes: Int) -> Data {
        let count = UInt64(entries.count).littleEndianBytes
        let record = bytes(
            [0x50, 0x4B, 6, 6], UInt64(44).littleEndianBytes, [45, 0, 45, 0],
            repeatElement(0, count: 8), count, count, UInt64(directoryBytes).littleEndianBytes,
            UInt64(offset).littleEndianBytes)
        let locator = bytes(
            [0x50, 0x4B, 6, 7], repeatElement(0, count: 4),
            UInt64(offset + directoryBytes).littleEndianBytes, [1, 0, 0, 0])
        let end = bytes(
            [0x50, 0x4B, 5, 6], repeatElement(0, count: 4), repeatElement(0xFF, count: 12), [0, 0])
        return record + locator + end
    }

    /// Moves sizes and offset into a zip64 field, behind a field that is none of ours.
    private func longRecord(of entry: Entry, common: Data, offset: UInt32) -> Data {
        let size = (entry.claimedLongSize ?? UInt64(entry.contents.count)).littleEndianBytes
        let packedSize = UInt64(entry.stored.count).littleEndianBytes
        let foreign: [UInt8] = [0x55, 0x54, 1, 0, 7]
        let extra = bytes(
            foreign, [1, 0, 24, 0], size, packedSize, UInt64(offset).littleEndianBytes)
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
            Self.checksum(entry.contents).littleEndianBytes,
            UInt32(entry.stored.count).littleEndianBytes,
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
