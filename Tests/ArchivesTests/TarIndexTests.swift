import Archives
import ArchivesTestSupport
import Foundation
import Testing

@Suite("Where a tar archive's files stand")
struct TarIndexTests {
    private func entries(_ archive: URL) throws -> [TarIndex.Entry] {
        var found: [TarIndex.Entry] = []
        try TarIndex.forEachFile(of: archive) { found.append($0) }
        return found
    }

    @Test(
        "The bytes at each offset are the file's, whatever headers lie between",
        arguments: ["v7", "ustar", "gnu", "pax"])
    func offsets(format: String) async throws {
        try await withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source")
            let deep = source.appendingPathComponent(
                "set/" + String(repeating: "n", count: format == "v7" ? 60 : 98))
            try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
            for size in [0, 1, 511, 512, 513, 70_000] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
                _ = try deep.writing(bytes, as: "\(size).bin")
            }
            let archive = folder.appendingPathComponent("a.tar")
            let status = try packWithTar(source, to: archive, format: format)
            #expect(status == 0)
            let whole = try Data(contentsOf: archive)
            let found = try entries(archive)
            #expect(found.count == 6)
            for entry in found {
                let bytes = whole[entry.offset..<(entry.offset + entry.byteCount)]
                let original = source.appendingPathComponent(entry.path)
                #expect(try bytes == Data(contentsOf: original), "\(entry.path)")
            }
        }
    }

    @Test("An archive that is cut is an error wherever it is cut")
    func cut() async throws {
        var tar = TarFixture()
        tar.add("a/1.jpg", [UInt8](repeating: 1, count: 700))
        tar.add("a/2.jpg", [UInt8](repeating: 2, count: 300))
        let whole = tar.whole
        try await withTemporaryFolder { folder in
            for length in stride(from: 1, through: tar.bytes.count, by: 61) {
                let archive = try folder.writing(Array(whole[..<length]), as: "a.tar")
                #expect(throws: ArchiveError.self, "\(length) bytes") { try entries(archive) }
            }
            let archive = try folder.writing(tar.bytes, as: "a.tar")
            let error = #expect(throws: ArchiveError.self) { try entries(archive) }
            #expect(
                error
                    == .truncated(
                        path: archive.path,
                        missing: "the end-of-archive block behind \"a/2.jpg\""))
            let sound = try folder.writing(whole, as: "a.tar")
            #expect(try entries(sound).map(\.path) == ["a/1.jpg", "a/2.jpg"])
        }
    }

    @Test("A packed archive has no places to read from, and is refused")
    func packed() async throws {
        var tar = TarFixture()
        tar.add("a", [1])
        try await withTemporaryFolder { folder in
            let archive = try folder.writing(tar.compressed, as: "a.tar")
            #expect(throws: ArchiveError.notArchive(path: archive.path)) { try entries(archive) }
        }
    }
}
