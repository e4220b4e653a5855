import Archives
import ArchivesTestSupport
import Foundation
import Testing

@Suite("Archives")
struct ArchiveReaderTests {
    /// The members of an archive and their contents.
    private func members(_ archive: URL) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        try ArchiveReader(archive).forEachMember { member, contents in
            guard !member.isDirectory else { return }
            var bytes: [UInt8] = []
            try contents.forEachChunk { bytes.append(contentsOf: $0) }
            found[member.path] = bytes
        }
        return found
    }

    private func error(_ bytes: [UInt8]) async throws -> ArchiveError? {
        try await withTemporaryFolder { folder in
            let archive = try folder.writing(bytes, as: "a.tar.gz")
            let error = #expect(throws: ArchiveError.self) {
                try ArchiveReader(archive).extract(into: folder)
            }
            #expect(try folder.names() == ["a.tar.gz"], "nothing is left half done")
            return error
        }
    }

    @Test(
        "What GNU tar writes in each of its formats comes back",
        arguments: [
            "v7", "ustar", "gnu", "pax",
        ])
    func gnuTar(format: String) async throws {
        try await withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source")
            // 100 characters are the most that the oldest format takes.
            let longName = String(repeating: "n", count: format == "v7" ? 60 : 98)
            let deep = source.appendingPathComponent("set/" + longName)
            try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
            let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            _ = try deep.writing(large, as: "large.bin")
            _ = try source.writing([], as: "set/empty.bin")
            let archive = folder.appendingPathComponent("a.tar.gz")
            let status = try packWithTar(source, to: archive, format: format)
            #expect(status == 0)
            let expected = ["set/\(longName)/large.bin": large, "set/empty.bin": []]
            #expect(try members(archive) == expected)
        }
    }

    @Test("Names come from the prefix, from pax and from GNU headers")
    func names() async throws {
        var tar = TarFixture()
        tar.add("b", [1], prefix: "a")
        tar.addPax("path", "pax/é")
        tar.add("short", [2])
        tar.add("././@LongLink", Array("gnu/long\u{0}".utf8), kind: "L")
        tar.add("gnu/lo", [3])
        tar.add("./plain/./name", [4])
        try await withTemporaryFolder { folder in
            let archive = try folder.writing(tar.compressed, as: "a.tar.gz")
            let expected: [String: [UInt8]] = [
                "a/b": [1], "pax/é": [2], "gnu/long": [3], "plain/name": [4],
            ]
            #expect(try members(archive) == expected)
        }
    }

    @Test("Concatenated gzip members are one stream")
    func concatenated() async throws {
        var tar = TarFixture()
        tar.add("a", [UInt8](repeating: 7, count: 700))
        let zeros = [UInt8](repeating: 0, count: 1024)
        let bytes = gzip(Array(tar.bytes[..<600])) + gzip(Array(tar.bytes[600...])) + gzip(zeros)
        try await withTemporaryFolder { folder in
            let archive = try folder.writing(bytes, as: "a.tar.gz")
            #expect(try members(archive) == ["a": [UInt8](repeating: 7, count: 700)])
        }
    }

    @Test("Unpacking fills in what is missing and overwrites nothing")
    func extraction() async throws {
        var tar = TarFixture()
        tar.add("set", kind: "5")
        tar.add("set/kept", [1])
        tar.add("set/inner/new", [2])
        try await withTemporaryFolder { folder in
            let archive = try folder.writing(tar.compressed, as: "a.tar.gz")
            let set = folder.appendingPathComponent("set")
            try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
            let kept = try set.writing([9], as: "kept")
            try ArchiveReader(archive).extract(into: folder)
            #expect(try Data(contentsOf: kept) == Data([9]))
            #expect(try Data(contentsOf: set.appendingPathComponent("inner/new")) == Data([2]))
            #expect(try folder.names() == ["a.tar.gz", "set"])
        }
    }

    @Test(
        "A path that leaves the folder is refused",
        arguments: [
            "/etc/passwd", "../outside", "set/../../outside", "..",
        ])
    func escapingPath(name: String) async throws {
        var tar = TarFixture()
        tar.add("set/good", [1])
        tar.add(name, [2])
        guard case .unsafePath(_, name)? = try await error(tar.compressed) else {
            Issue.record("expected unsafePath")
            return
        }
    }

    @Test(
        "Links and devices are refused",
        arguments: [
            ("1", "a hard link"), ("2", "a symbolic link"), ("3", "a device"), ("4", "a device"),
            ("6", "a named pipe"),
        ])
    func unsupported(kind: String, description: String) async throws {
        var tar = TarFixture()
        tar.add("thing", kind: Character(kind), target: "elsewhere")
        guard case .unsupportedMember(_, "thing", description)? = try await error(tar.compressed)
        else {
            Issue.record("expected unsupportedMember")
            return
        }
    }

    @Test("An archive that is cut anywhere is an error, and nothing is unpacked")
    func cut() async throws {
        var tar = TarFixture()
        tar.add("set/a", (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 4) })
        let whole = tar.compressed
        for length in stride(from: 2, to: whole.count, by: 37) {
            guard case .truncated? = try await error(Array(whole[..<length])) else {
                Issue.record("expected truncated at \(length) of \(whole.count) bytes")
                continue
            }
        }
    }

    @Test("A member larger than the archive names what is missing")
    func missingBytes() async throws {
        var tar = TarFixture()
        tar.add("set/a", [1, 2, 3], size: "00000010000")
        let error = try await error(gzip(tar.bytes))
        #expect(error?.description.contains("expected the rest of \"set/a\"") == true)
    }

    @Test("A flipped bit in the data or in gzip's checksum is found")
    func flippedBit() async throws {
        var tar = TarFixture()
        tar.add("a", [UInt8](repeating: 5, count: 4000))
        var wrongCRC = tar.compressed
        wrongCRC[wrongCRC.count - 8] ^= 1
        guard case .corruptGzip(_, "incorrect data check")? = try await error(wrongCRC) else {
            Issue.record("expected corruptGzip")
            return
        }
        var wrongLength = tar.compressed
        wrongLength[wrongLength.count - 4] ^= 1
        guard case .corruptGzip(_, "incorrect length check")? = try await error(wrongLength) else {
            Issue.record("expected corruptGzip")
            return
        }
    }

    @Test("A header with a wrong checksum or an impossible size is refused")
    func corruptHeader() async throws {
        var first = TarFixture()
        first.add("first", [1])
        var wrongChecksum = TarFixture()
        wrongChecksum.add("a", [1])
        var bytes = wrongChecksum.bytes
        bytes[0] ^= 1
        // The largest number of eleven digits in base 256 is far above 2^63.
        var huge = [UInt8](repeating: 0, count: 512)
        huge[0] = UInt8(ascii: "a")
        huge.replaceSubrange(124..<136, with: [UInt8](repeating: 0xFF, count: 12))
        huge.replaceSubrange(148..<156, with: "        ".utf8)
        let sum = String(huge.reduce(0) { $0 + Int($1) }, radix: 8)
        huge.replaceSubrange(148..<148 + sum.utf8.count, with: sum.utf8)
        for damaged in [bytes, huge] {
            guard case .corruptHeader(_, "first", _)? = try await error(gzip(first.bytes + damaged))
            else {
                Issue.record("expected corruptHeader behind the first member")
                continue
            }
        }
    }

    @Test("A file that is no archive, and one that is empty, are refused")
    func notArchive() async throws {
        for bytes in [Array("<html>not here</html>".utf8), []] {
            guard case .notArchive? = try await error(bytes) else {
                Issue.record("expected notArchive")
                continue
            }
        }
    }

    @Test("A pax header that does not parse, or claims to be large, is refused")
    func paxHeader() async throws {
        var broken = TarFixture()
        broken.add("PaxHeader", Array("999 path=a\n".utf8), kind: "x")
        var large = TarFixture()
        large.add("PaxHeader", kind: "x", size: "77777777777")
        for tar in [broken, large] {
            guard case .corruptHeader? = try await error(tar.compressed) else {
                Issue.record("expected corruptHeader")
                continue
            }
        }
    }
}
