import Archives
import ArchivesTestSupport
import Basics
import Crypto
import Downloads
import Foundation
import Synchronization
import Testing

@Suite("Fetching a data set")
struct FetchTests {
    private let fixture = SmallArchive()

    private func md5(_ bytes: [UInt8]) -> String { SmallArchive.md5(bytes) }

    /// Fetches from a server that gives these replies, and hands over the server's record.
    private func fetch(
        _ archive: [UInt8], _ replies: [LoopbackServer.Reply] = [.proper], into directory: URL,
        md5 expected: String? = nil, published: PublishedArchive? = nil
    ) async throws -> (outcome: Result<DatasetFetcher.Outcome, any Error>, ranges: [String?]) {
        let server = try LoopbackServer(archive, replies)
        defer { server.stop() }
        let fetcher = DatasetFetcher(
            published ?? fixture.published, into: directory, from: try server.url,
            md5: expected ?? md5(archive), retryDelay: .milliseconds(1))
        do {
            return (.success(try await fetcher.fetch()), server.ranges)
        } catch {
            return (.failure(error), server.ranges)
        }
    }

    /// Checks that the folder holds the data set, its archive and nothing else.
    private func expectComplete(_ directory: URL) throws {
        let published = fixture.published
        #expect(try directory.names() == [published.folderName, published.fileName].sorted())
        #expect(
            try Data(contentsOf: directory.appendingPathComponent(published.fileName))
                == Data(fixture.archive))
        let folder = directory.appendingPathComponent(published.folderName)
        for file in published.files {
            let found = try Data(contentsOf: folder.appendingPathComponent(file.name))
            #expect(found == Data(fixture.bytes(file)))
        }
    }

    private var partName: String { fixture.published.fileName + ".part" }

    @Test("A data set is downloaded, unpacked, and not downloaded again")
    func normal() async throws {
        let archive = fixture.archive
        try await withTemporaryFolder { parent in
            let directory = parent.appendingPathComponent("new/data")
            let server = try LoopbackServer(archive)
            defer { server.stop() }
            let fetcher = DatasetFetcher(
                fixture.published, into: directory, from: try server.url, md5: md5(archive))
            let reports = Mutex<[DatasetFetcher.Progress]>([])
            let outcome = try await fetcher.fetch { report in
                reports.withLock { $0.append(report) }
            }
            #expect(outcome == .downloaded)
            try expectComplete(directory)
            let received = reports.withLock { $0.map(\.receivedBytes) }
            #expect(received == received.sorted())
            #expect(received.last == archive.count)
            #expect(reports.withLock { $0.allSatisfy { $0.totalBytes == archive.count } })
            #expect(try await fetcher.fetch() == .alreadyComplete)
            #expect(server.ranges == [nil])
        }
    }

    @Test("The folder of the data set may be named itself")
    func folderItself() async throws {
        try await withTemporaryFolder { directory in
            let folder = directory.appendingPathComponent(fixture.published.folderName)
            let (outcome, _) = try await fetch(fixture.archive, into: folder)
            #expect(try outcome.get() == .downloaded)
            try expectComplete(directory)
        }
    }

    @Test("A cut connection is taken up where it ended")
    func cut() async throws {
        try await withTemporaryFolder { directory in
            let (outcome, ranges) = try await fetch(
                fixture.archive, [.cut(after: 1000), .cut(after: 500), .proper], into: directory)
            #expect(try outcome.get() == .downloaded)
            #expect(ranges == [nil, "bytes=1000-", "bytes=1500-"])
            try expectComplete(directory)
        }
    }

    @Test("A part left by an earlier process is taken up")
    func earlierPart() async throws {
        let archive = fixture.archive
        for count in [700, archive.count] {
            try await withTemporaryFolder { directory in
                _ = try directory.writing(Array(archive.prefix(count)), as: partName)
                let (outcome, ranges) = try await fetch(archive, into: directory)
                #expect(try outcome.get() == .downloaded)
                #expect(ranges == ["bytes=\(count)-"])
                try expectComplete(directory)
            }
        }
    }

    @Test("A server that ignores ranges sends the file anew")
    func ignoringRange() async throws {
        try await withTemporaryFolder { directory in
            let (outcome, ranges) = try await fetch(
                fixture.archive, [.cut(after: 1000), .ignoringRange], into: directory)
            #expect(try outcome.get() == .downloaded)
            #expect(ranges == [nil, "bytes=1000-"])
            try expectComplete(directory)
        }
    }

    @Test("A part that does not fit the server's file is begun anew")
    func unfitPart() async throws {
        let archive = fixture.archive
        try await withTemporaryFolder { directory in
            let tooLong = archive + [1, 2, 3]
            _ = try directory.writing(tooLong, as: partName)
            let (outcome, ranges) = try await fetch(archive, into: directory)
            #expect(try outcome.get() == .downloaded)
            #expect(ranges == ["bytes=\(tooLong.count)-", nil])
            try expectComplete(directory)
        }
        try await withTemporaryFolder { directory in
            let (outcome, ranges) = try await fetch(
                archive, [.cut(after: 1000), .wrongRange, .proper], into: directory)
            #expect(try outcome.get() == .downloaded)
            #expect(ranges == [nil, "bytes=1000-", nil])
            try expectComplete(directory)
        }
    }

    @Test("A connection that keeps failing ends in a sentence on how to resume")
    func keepsFailing() async throws {
        try await withTemporaryFolder { directory in
            let (outcome, ranges) = try await fetch(
                fixture.archive, [.cut(after: 1000), .cut(after: 0)], into: directory)
            let error = #expect(throws: FetchError.self) { try outcome.get() }
            guard case .interrupted(_, 1000, _, _)? = error else {
                Issue.record("expected interrupted, found \(error as Any)")
                return
            }
            #expect(error?.description.contains("fetch again to resume") == true)
            #expect(ranges == [nil, "bytes=1000-", "bytes=1000-", "bytes=1000-"])
            #expect(try directory.names() == [partName, partName + ".origin"])
        }
    }

    @Test("A download with the wrong checksum is removed and leaves the next try free")
    func wrongChecksum() async throws {
        let archive = fixture.archive
        try await withTemporaryFolder { directory in
            let other = String(repeating: "0", count: 32)
            let (outcome, _) = try await fetch(archive, into: directory, md5: other)
            let part = directory.appendingPathComponent(partName).path
            #expect(
                throws: FetchError.wrongChecksum(
                    path: part, expected: other, found: md5(archive), removed: true)
            ) { try outcome.get() }
            #expect(try directory.names() == [])
            let (second, ranges) = try await fetch(archive, into: directory)
            #expect(try second.get() == .downloaded)
            #expect(ranges == [nil])
        }
    }

    @Test("An archive packed anew is known by the files in it")
    func packedAnew() async throws {
        let right = fixture.published.files.map { file in
            SHA256.hash(data: fixture.bytes(file)).map { String(format: "%02x", $0) }.joined()
        }
        let other = String(repeating: "0", count: 32)
        try await withTemporaryFolder { directory in
            let (outcome, _) = try await fetch(
                fixture.archive, into: directory, md5: other,
                published: SmallArchive.described(sha256: right))
            #expect(try outcome.get() == .downloaded)
            try expectComplete(directory)
        }
        try await withTemporaryFolder { directory in
            let (outcome, _) = try await fetch(
                fixture.archive, into: directory, md5: other,
                published: SmallArchive.described(sha256: [right[0], other + other]))
            #expect(throws: FetchError.self) { try outcome.get() }
            #expect(try directory.names() == [])
        }
    }

    @Test("An archive that is there is unpacked without a download, or refused and kept")
    func archiveIsThere() async throws {
        try await withTemporaryFolder { directory in
            let archive = try directory.writing(
                fixture.archive, as: fixture.published.fileName)
            let other = String(repeating: "0", count: 32)
            let (refused, _) = try await fetch(fixture.archive, into: directory, md5: other)
            #expect(
                throws: FetchError.wrongChecksum(
                    path: archive.path, expected: other, found: md5(fixture.archive),
                    removed: false)
            ) { try refused.get() }
            let (outcome, ranges) = try await fetch(fixture.archive, into: directory)
            #expect(try outcome.get() == .unpacked)
            #expect(ranges == [])
            try expectComplete(directory)
        }
    }

    @Test("A missing file is filled in, and a different one is never overwritten")
    func repair() async throws {
        try await withTemporaryFolder { directory in
            let folder = try fixture.writeFolder(in: directory)
            let test = folder.appendingPathComponent("test.bin")
            try FileManager.default.removeItem(at: test)
            let (outcome, _) = try await fetch(fixture.archive, into: directory)
            #expect(try outcome.get() == .downloaded)
            try expectComplete(directory)

            _ = try folder.writing([1, 2, 3], as: "test.bin")
            let (refused, ranges) = try await fetch(fixture.archive, into: directory)
            #expect(
                throws: FetchError.differentFile(
                    path: test.path, expectedBytes: 60_000, foundBytes: 3)
            ) { try refused.get() }
            #expect(ranges == [])
            #expect(try Data(contentsOf: test) == Data([1, 2, 3]))
        }
    }

    @Test("A status other than success is named", arguments: [404, 403, 503, 416])
    func status(code: Int) async throws {
        try await withTemporaryFolder { directory in
            let (outcome, ranges) = try await fetch(
                fixture.archive, [.status(code)], into: directory)
            let error = #expect(throws: FetchError.self) { try outcome.get() }
            #expect(error?.description.contains("found \(code);") == true)
            #expect(ranges == [nil])
            #expect(try directory.names() == [])
        }
    }

    @Test("An archive that leaves its folder or is truncated unpacks nothing")
    func badArchives() async throws {
        var escaping = TarFixture()
        escaping.add("../outside", [1])
        for bytes in [escaping.compressed, Array(fixture.archive.dropLast(100))] {
            try await withTemporaryFolder { directory in
                let (outcome, _) = try await fetch(bytes, into: directory)
                #expect(throws: ArchiveError.self) { try outcome.get() }
                #expect(try directory.names() == [fixture.published.fileName])
            }
        }
    }

    @Test("A full disk is a sentence")
    func fullDisk() async throws {
        try await withTemporaryFolder { directory in
            // The device takes the place of a disk that has no room for a single byte.
            try FileManager.default.createSymbolicLink(
                atPath: directory.appendingPathComponent(partName).path,
                withDestinationPath: "/dev/full")
            let (outcome, _) = try await fetch(fixture.archive, into: directory)
            let error = #expect(throws: FileError.self) { try outcome.get() }
            #expect(error?.description.contains("No space left on device") == true)
        }
    }

    @Test("A folder that cannot be made is a sentence")
    func unwritable() async throws {
        try await withTemporaryFolder { directory in
            let file = try directory.writing([], as: "file")
            let (outcome, ranges) = try await fetch(
                fixture.archive, into: file.appendingPathComponent("data"))
            let error = #expect(throws: FileError.self) { try outcome.get() }
            #expect(error?.description.contains("Not a directory") == true, "\(error as Any)")
            #expect(ranges == [])
        }
    }

    @Test("Only http, https and file addresses are taken")
    func addresses() async throws {
        let archive = fixture.archive
        try await withTemporaryFolder { directory in
            let local = try directory.writing(archive, as: "mirror.tar.gz")
            let data = directory.appendingPathComponent("data")
            let fetcher = DatasetFetcher(
                fixture.published, into: data, from: local, md5: md5(archive))
            #expect(try await fetcher.fetch() == .downloaded)
            try expectComplete(data)
        }
        try await withTemporaryFolder { directory in
            for text in ["ftp://127.0.0.1/a.tar.gz", "a.tar.gz"] {
                let fetcher = DatasetFetcher(
                    fixture.published, into: directory, from: URL(string: text))
                await #expect(throws: FetchError.unsupportedAddress(url: text)) {
                    try await fetcher.fetch()
                }
            }
        }
    }

    @Test("A server that is not there ends in a sentence, which names no file to resume from")
    func noServer() async throws {
        try await withTemporaryFolder { directory in
            let server = try LoopbackServer([])
            let url = try server.url
            server.stop()
            let fetcher = DatasetFetcher(
                fixture.published, into: directory, from: url, retryDelay: .milliseconds(1))
            let error = await #expect(throws: FetchError.self) { try await fetcher.fetch() }
            guard case .interrupted(_, 0, _, _)? = error else {
                Issue.record("expected interrupted, found \(error as Any)")
                return
            }
            #expect(error?.description.contains(partName) == false)
            #expect(try directory.names().isEmpty)
        }
    }
}
