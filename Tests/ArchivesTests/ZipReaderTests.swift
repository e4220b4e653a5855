import Archives
import ArchivesTestSupport
import Foundation
import TensorFilesTestSupport
import Testing

@Suite("Zip archives")
struct ZipReaderTests {
    private static let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    /// A deflated member.
    private static func packed(_ name: String, _ contents: [UInt8]) -> ZipWriter.Entry {
        ZipWriter.Entry(
            name: name, contents: Data(contents), method: 8, packed: Data(deflated(contents)))
    }

    private static let entries = [
        ZipWriter.Entry(name: "set/", contents: Data()),
        packed("set/deflated.bin", large),
        ZipWriter.Entry(name: "set/stored.bin", contents: Data(large.prefix(1000))),
        ZipWriter.Entry(name: "set/empty.bin", contents: Data()),
    ]

    /// The members of an archive and their contents.
    private func members(_ archive: URL) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        try ZipReader(archive).forEachMember { member, contents in
            guard !member.isDirectory else { return }
            var bytes: [UInt8] = []
            try contents.forEachChunk { bytes.append(contentsOf: $0) }
            found[member.path] = bytes
        }
        return found
    }

    /// Unpacks an archive that must be refused, and checks that nothing is left behind.
    private func error(_ zip: Data) async throws -> ArchiveError? {
        try await withTemporaryFolder { folder in
            let archive = try folder.writing(Array(zip), as: "a.zip")
            let error = #expect(throws: ArchiveError.self) {
                try ZipReader(archive).extract(into: folder)
            }
            #expect(try folder.names() == ["a.zip"], "nothing is left half done")
            return error
        }
    }

    @Test("Stored and deflated members come back, with zip64 records or without")
    func contents() async throws {
        var long = Self.entries
        for index in long.indices { long[index].isLong = true }
        let archives = [
            ZipWriter(entries: Self.entries), ZipWriter(entries: long),
            ZipWriter(entries: Self.entries, isLong: true), ZipWriter(entries: long, isLong: true),
        ]
        for zip in archives {
            try await withTemporaryFolder { folder in
                let archive = try folder.writing(Array(zip.archive()), as: "a.zip")
                let expected = [
                    "set/deflated.bin": Self.large,
                    "set/stored.bin": Array(Self.large.prefix(1000)),
                    "set/empty.bin": [],
                ]
                #expect(try members(archive) == expected)
                let listed = try ZipReader(archive).members()
                #expect(listed.map(\.path) == Self.entries.map { String($0.name.trimming("/")) })
                #expect(listed.map(\.byteCount) == [0, 300_000, 1000, 0])
                #expect(listed.map(\.isDirectory) == [true, false, false, false])
                try ZipReader(archive).extract(into: folder)
                #expect(try folder.names() == ["a.zip", "set"])
                for (name, bytes) in expected {
                    let file = folder.appendingPathComponent(name)
                    #expect(try Data(contentsOf: file) == Data(bytes))
                }
            }
        }
    }

    @Test(
        "A member that leaves the folder is refused",
        arguments: ["../x", "set/../../x", "/x", "..", "set/.."])
    func unsafe(name: String) async throws {
        let zip = ZipWriter(entries: Self.entries + [Self.packed(name, [1])])
        guard case .unsafePath(_, name)? = try await error(zip.archive()) else {
            Issue.record("\(name) is not refused")
            return
        }
    }

    @Test("Links are refused", arguments: [UInt16(0o120_777), 0o020_644])
    func links(mode: UInt16) async throws {
        let link = ZipWriter.Entry(name: "set/link", contents: Data("../x".utf8), mode: mode)
        guard
            case .unsupportedMember(_, "set/link", _)? = try await error(
                ZipWriter(entries: [link]).archive())
        else {
            Issue.record("mode \(mode) is not refused")
            return
        }
    }

    @Test("A byte that is changed is found by the member's checksum")
    func checksum() async throws {
        for (entry, place) in [(1, 500), (2, 999), (2, 0)] {
            var entries = Self.entries
            var stored = entries[entry].packed ?? entries[entry].contents
            stored[place] ^= 0x10
            entries[entry].packed = stored
            let error = try await error(ZipWriter(entries: entries).archive())
            guard case .corruptMember(_, entries[entry].name, _)? = error else {
                Issue.record("\(entries[entry].name) at \(place): \(error as Any)")
                continue
            }
        }
    }

    @Test("An archive that is cut anywhere is an error, and nothing is unpacked")
    func cuts() async throws {
        let zip = ZipWriter(entries: Self.entries).archive()
        for count in stride(from: 1, to: zip.count, by: 97) {
            let error = try await error(zip.prefix(count))
            guard case .notZip? = error else {
                Issue.record("\(count) bytes: \(error as Any)")
                continue
            }
        }
        let error = try await error(zip.dropFirst(100))
        #expect(error != nil)
    }

    @Test("Other files are no zip archives")
    func otherFiles() async throws {
        for bytes in [[], Array("<html>".utf8), TarFixture().compressed] {
            let found = try await error(Data(bytes))
            guard case .notZip? = found else {
                Issue.record("\(found as Any)")
                continue
            }
            #expect(found?.description.contains("cut off or of another kind") == true)
        }
    }

    @Test("A method that is not read, and a member that is encrypted, are errors")
    func methods() async throws {
        let unknown = ZipWriter.Entry(name: "a", contents: Data([1, 2, 3]), method: 77)
        let secret = ZipWriter.Entry(name: "a", contents: Data(count: 40), flags: 1)
        for entry in [unknown, secret] {
            let found = try await error(ZipWriter(entries: [entry]).archive())
            guard case .corruptMember(_, "a", _)? = found else {
                Issue.record("\(found as Any)")
                continue
            }
        }
    }

    @Test("Members that the disk has no room for are refused before one is written")
    func tooLarge() async throws {
        for size in [UInt64(1) << 60, UInt64(Int64.max)] {
            let bomb = ZipWriter.Entry(
                name: "b", contents: Data([1]), claimedSize: 0, isLong: true, claimedLongSize: size)
            let found = try await error(ZipWriter(entries: [bomb, bomb]).archive())
            guard case .tooLittleSpace(_, _, _, let free)? = found else {
                Issue.record("\(found as Any)")
                continue
            }
            #expect(free > 0)
            #expect(found?.description.contains("MiB of free space to unpack") == true)
        }
    }
}

extension String {
    /// The text without a slash at its end.
    fileprivate func trimming(_ end: String) -> Substring {
        hasSuffix(end) ? dropLast() : self[...]
    }
}
