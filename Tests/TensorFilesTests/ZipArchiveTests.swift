import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

@Suite("Zip archives")
struct ZipArchiveTests {
    private let entry = ZipWriter.Entry(name: "a/b", contents: Data([1, 2, 3, 4]))

    @Test("Entries that Python's zipfile deflated unpack to what PyTorch stored")
    func inflates() throws {
        let deflated = try ZipArchive(Fixture("deflated.pt").contents())
        let stored = try ZipArchive(Fixture("every_dtype.pt").contents())
        #expect(deflated.entries.contains { $0.method == .deflated && $0.size > 0 })
        #expect(stored.entries.allSatisfy { $0.method == .stored })
        #expect(deflated.entries.map(\.name) == stored.entries.map(\.name))
        for (left, right) in zip(deflated.entries, stored.entries) {
            #expect(try deflated.bytes(of: left) == stored.bytes(of: right))
        }
    }

    @Test("Sizes and offsets in 64 bits are read, and PyTorch's 64-bit end of the directory too")
    func zip64() throws {
        var second = entry
        second.name = "c"
        second.isLong = true
        let archive = try ZipArchive(ZipWriter(entries: [entry, second]).archive())
        let found = try #require(archive["c"])
        #expect(try archive.bytes(of: found) == entry.contents)
        let contents = try Fixture("small.pt").contents()
        #expect(contents.firstRange(of: Data([0x50, 0x4B, 6, 6])) != nil)
        #expect(try ZipArchive(contents)["small/data.pkl"] != nil)
    }

    @Test("An archive with a comment, even one that looks like a directory's end, is read")
    func comment() throws {
        let comment = bytes([0x50, 0x4B, 5, 6], repeatElement(0, count: 30))
        var contents = ZipWriter(entries: [entry]).archive()
        contents.replaceSubrange(
            contents.count - 2..<contents.count,
            with: bytes(UInt16(comment.count).littleEndianBytes, comment))
        #expect(try ZipArchive(contents).entries.map(\.name) == ["a/b"])
    }

    @Test(
        "An entry whose header lies is refused with what is wrong",
        arguments: [
            (.lying(flags: 1), .encrypted(entry: "a")),
            (.lying(method: 12), .unknownMethod(entry: "a", method: 12)),
            (.lying(claimedSize: 5), .storedSize(entry: "a", expected: 5, found: 4)),
            (.lying(claimedOffset: 0xFFFF_FFF0), .outsideFile(entry: "a")),
            (
                .lying(method: 8, claimedSize: 4129),
                .expandsTooMuch(entry: "a", claimed: 4129, limit: 4128)
            ),
        ] as [(ZipWriter.Entry, ZipArchiveError)])
    func lyingHeaders(entry: ZipWriter.Entry, expected: ZipArchiveError) {
        #expect(throws: expected) { try ZipArchive(ZipWriter(entries: [entry]).archive()) }
    }

    @Test("Entries that share their bytes are refused")
    func overlap() {
        var second = entry
        second.claimedOffset = 0
        #expect(throws: ZipArchiveError.overlap(entry: "a/b", other: "a/b")) {
            try ZipArchive(ZipWriter(entries: [entry, second]).archive())
        }
    }

    @Test("Two entries of one name are refused")
    func duplicateNames() {
        #expect(throws: ZipArchiveError.duplicateName("a/b")) {
            try ZipArchive(ZipWriter(entries: [entry, entry]).archive())
        }
    }

    @Test("A directory that lists more or fewer entries than it claims is refused")
    func entryCount() {
        #expect(throws: ZipArchiveError.entryCount(expected: 2, found: 1)) {
            try ZipArchive(ZipWriter(entries: [entry], countOffset: 1).archive())
        }
    }

    @Test("An archive without its end is refused")
    func cutOff() {
        #expect(throws: ZipArchiveError.noDirectory) {
            try ZipArchive(ZipWriter(entries: [entry]).archive().dropLast())
        }
    }

    @Test("A flipped bit in an entry is found by its checksum")
    func checksum() throws {
        var contents = ZipWriter(entries: [entry]).archive()
        let position = try #require(contents.firstRange(of: entry.contents)?.lowerBound)
        contents[position] ^= 0x10
        let archive = try ZipArchive(contents)
        let found = ZipWriter.checksum(Data([0x11, 2, 3, 4]))
        let expected = ZipWriter.checksum(entry.contents)
        #expect(throws: ZipArchiveError.checksum(entry: "a/b", expected: expected, found: found)) {
            try archive.bytes(of: archive.entries[0])
        }
    }

    @Test(
        "A deflate stream that is damaged, or longer or shorter than claimed, is refused",
        arguments: [
            // "abc" in one stored block, claimed as 2 and as 4 bytes; then a block type of 3.
            ([1, 3, 0, 0xFC, 0xFF, 97, 98, 99], 2),
            ([1, 3, 0, 0xFC, 0xFF, 97, 98, 99], 4),
            ([7, 0, 0, 0], 3),
        ] as [([UInt8], UInt32)])
    func damagedStreams(stream: [UInt8], size: UInt32) throws {
        let entry = ZipWriter.Entry(
            name: "a", contents: Data(stream), method: 8, claimedSize: size)
        let archive = try ZipArchive(ZipWriter(entries: [entry]).archive())
        #expect(throws: ZipArchiveError.damaged(entry: "a")) {
            try archive.bytes(of: archive.entries[0])
        }
    }
}

extension ZipWriter.Entry {
    fileprivate static func lying(
        flags: UInt16 = 0, method: UInt16 = 0, claimedSize: UInt32? = nil,
        claimedOffset: UInt32? = nil
    ) -> Self {
        Self(
            name: "a", contents: Data([1, 2, 3, 4]), flags: flags, method: method,
            claimedSize: claimedSize, claimedOffset: claimedOffset)
    }
}
