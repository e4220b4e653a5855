import Archives
import ArchivesTestSupport
import Foundation
import TensorFilesTestSupport
import Testing

@Suite("Unpacking that goes on after a cut")
struct ZipContinuationTests {
    private let names = (0..<5).map { "set/\($0).bin" }

    private func archive(in folder: URL) throws -> URL {
        let entries = names.enumerated().map { index, name in
            ZipWriter.Entry(name: name, contents: Data(repeating: UInt8(index), count: 100))
        }
        return try folder.writing(Array(ZipWriter(entries: entries).archive()), as: "a.zip")
    }

    /// What a process leaves that was killed when some members were on the disk and one was half written.
    private func leave(_ done: Int, of archive: URL, in folder: URL, byteCount: Int? = nil) throws {
        let staging = folder.appendingPathComponent(".a.zip.unpacking")
        let set = staging.appendingPathComponent("members/set")
        try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
        for index in 0...done {
            // A byte that the archive does not have shows whether a member is unpacked again.
            _ = try set.writing([99], as: "\(index).bin")
        }
        var status = stat()
        #expect(stat(archive.path, &status) == 0)
        let modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
        let mark = [
            "byteCount": byteCount ?? Int(status.st_size), "modified": modified,
            "doneMembers": done,
        ]
        try JSONEncoder().encode(mark).write(to: staging.appendingPathComponent("done.json"))
    }

    private func contents(_ folder: URL) throws -> [[UInt8]] {
        try names.map { Array(try Data(contentsOf: folder.appendingPathComponent($0))) }
    }

    private var whole: [[UInt8]] {
        names.indices.map { [UInt8](repeating: UInt8($0), count: 100) }
    }

    @Test("Members that are known to be on the disk are not unpacked again, others are")
    func goesOn() async throws {
        try await withTemporaryFolder { folder in
            let archive = try archive(in: folder)
            try leave(3, of: archive, in: folder)
            var reports: [ZipReader.Progress] = []
            try ZipReader(archive).extract(into: folder) { reports.append($0) }
            #expect(try contents(folder) == [[99], [99], [99]] + whole.suffix(2))
            #expect(reports.map(\.doneBytes) == [400, 500])
            #expect(reports.map(\.totalBytes) == [500, 500])
            #expect(try folder.names() == ["a.zip", "set"])
        }
    }

    @Test("What another archive left is not taken for this one's")
    func otherArchive() async throws {
        try await withTemporaryFolder { folder in
            let archive = try archive(in: folder)
            try leave(3, of: archive, in: folder, byteCount: 7)
            try ZipReader(archive).extract(into: folder)
            #expect(try contents(folder) == whole)
            #expect(try folder.names() == ["a.zip", "set"])
        }
    }

    @Test("A process that was killed while it moved the members goes on with that")
    func whileMoving() async throws {
        try await withTemporaryFolder { folder in
            let archive = try archive(in: folder)
            try leave(4, of: archive, in: folder)
            // Two of the members were moved already.
            let (set, staged) = (
                folder.appendingPathComponent("set"),
                folder.appendingPathComponent(".a.zip.unpacking/members/set")
            )
            try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
            for name in ["0.bin", "1.bin"] {
                try FileManager.default.moveItem(
                    at: staged.appendingPathComponent(name), to: set.appendingPathComponent(name))
            }
            try ZipReader(archive).extract(into: folder)
            #expect(try contents(folder) == [[99], [99], [99], [99]] + whole.suffix(1))
            #expect(try folder.names() == ["a.zip", "set"])
        }
    }

    @Test("Files that exist are neither overwritten nor unpacked")
    func existing() async throws {
        try await withTemporaryFolder { folder in
            let archive = try archive(in: folder)
            let set = folder.appendingPathComponent("set")
            try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
            _ = try set.writing([7], as: "2.bin")
            var reports: [ZipReader.Progress] = []
            try ZipReader(archive).extract(into: folder) { reports.append($0) }
            #expect(try contents(folder) == whole.prefix(2) + [[7]] + whole.suffix(2))
            #expect(reports.map(\.doneBytes) == [100, 200, 300, 400])
        }
    }

    @Test("A full disk is a sentence, and what is unpacked stays for the next attempt")
    func fullDisk() async throws {
        try await withTemporaryFolder { folder in
            let archive = try archive(in: folder)
            try leave(1, of: archive, in: folder)
            // The device takes the place of a disk that has no room for a single byte.
            let staged = folder.appendingPathComponent(".a.zip.unpacking/members/set")
            try FileManager.default.createSymbolicLink(
                atPath: staged.appendingPathComponent("3.bin").path,
                withDestinationPath: "/dev/full")
            let error = #expect(throws: (any Error).self) {
                try ZipReader(archive).extract(into: folder)
            }
            #expect("\(error as Any)".contains("No space left on device"))
            #expect(try folder.names() == [".a.zip.unpacking", "a.zip"])
            try FileManager.default.removeItem(at: staged.appendingPathComponent("3.bin"))
            try ZipReader(archive).extract(into: folder)
            #expect(try contents(folder) == [[99]] + whole.suffix(4))
        }
    }
}
