import CZlib

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes a zip archive whose entries are not packed and begin at multiples of 64 bytes, as PyTorch's.
struct StoredZip {
    /// What 32 bits can count, which the records here have.
    static let byteLimit = Int(UInt32.max)

    /// What 16 bits can count.
    static let entryLimit = Int(UInt16.max)

    private static let alignment = 64

    private var archive = Data()
    private var directory = Data()
    private var count: UInt16 = 0

    /// Adds an entry.
    mutating func add(_ name: String, _ contents: Data) {
        let offset = UInt32(archive.count)
        // The contents begin behind 30 bytes, the name and a field that fills up: four bytes and its length.
        let start = archive.count + 30 + name.utf8.count + 4
        let padding = -start & (Self.alignment - 1)
        let checksum = contents.withUnsafeBytes { buffer in
            UInt32(crc32_z(0, buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count))
        }
        var fields = Data()
        // Version 2.0; no flags; stored; the first of January 1980, so that equal tensors give equal bytes.
        for field in [20, 0, 0, 0, 0x21] as [UInt16] { fields.append(littleEndian: field) }
        fields.append(littleEndian: checksum)
        fields.append(littleEndian: UInt32(contents.count))
        fields.append(littleEndian: UInt32(contents.count))
        fields.append(littleEndian: UInt16(name.utf8.count))
        archive.append(contentsOf: [0x50, 0x4B, 3, 4])
        archive.append(fields)
        archive.append(littleEndian: UInt16(4 + padding))
        archive.append(contentsOf: name.utf8)
        // The field that PyTorch pads with, whose letters say so.
        archive.append(contentsOf: "FB".utf8)
        archive.append(littleEndian: UInt16(padding))
        archive.append(contentsOf: repeatElement(UInt8(ascii: "Z"), count: padding))
        archive.append(contents)
        directory.append(contentsOf: [0x50, 0x4B, 1, 2, 20, 0])
        directory.append(fields)
        // No extra field, no comment, the first disk, no attributes.
        directory.append(contentsOf: repeatElement(0, count: 12))
        directory.append(littleEndian: offset)
        directory.append(contentsOf: name.utf8)
        count += 1
    }

    /// The archive, ended by its directory.
    func finished() -> Data {
        var end = Data([0x50, 0x4B, 5, 6, 0, 0, 0, 0])
        end.append(littleEndian: count)
        end.append(littleEndian: count)
        end.append(littleEndian: UInt32(directory.count))
        end.append(littleEndian: UInt32(archive.count))
        end.append(littleEndian: UInt16(0))
        return archive + directory + end
    }
}

extension Data {
    fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
