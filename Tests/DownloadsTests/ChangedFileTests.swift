import ArchivesTestSupport
import Downloads
import Foundation
import Testing

@Suite("A file that changes on the server")
struct ChangedFileTests {
    private let small = SmallArchive()

    /// The server sends the first 1000 bytes, ends the connection, and has another file from then on.
    private func fetch(
        _ first: [String], then second: [String], into folder: URL, grows: Bool = false,
        at url: URL? = nil
    ) async throws -> (error: (any Error)?, url: URL, ranges: [String?]) {
        let body = small.archive
        let other = grows ? body + [0] : body.map { ~$0 }
        let server = try LoopbackServer(
            body,
            [
                .headed(first, .cut(after: 1000)),
                .changed(other, .headed(second, .proper)),
                .headed(second, .proper),
            ])
        defer { server.stop() }
        let address = try server.url
        let fetcher = DatasetFetcher(
            small.published, into: folder, from: address, md5: "0", retryDelay: .milliseconds(1))
        do {
            _ = try await fetcher.fetch()
            return (nil, address, server.ranges)
        } catch {
            return (error, address, server.ranges)
        }
    }

    @Test(
        "is told by its ETag or its time, within one process",
        arguments: [
            (["ETag: \"a\""], ["ETag: \"b\""], "ETag \"a\"", "ETag \"b\""),
            (
                ["Last-Modified: Mon, 01 Jan 2018 00:00:00 GMT"],
                ["Last-Modified: Tue, 02 Jan 2018 00:00:00 GMT"],
                "Last-Modified Mon, 01 Jan 2018 00:00:00 GMT",
                "Last-Modified Tue, 02 Jan 2018 00:00:00 GMT"
            ),
        ])
    func validators(
        first: [String], second: [String], was: String, now: String
    ) async throws {
        try await withTemporaryFolder { folder in
            let found = try await fetch(first, then: second, into: folder)
            let part = folder.appendingPathComponent("small-binary.tar.gz.part")
            #expect(
                found.error as? FetchError
                    == .changedOnServer(
                        url: found.url.absoluteString, part: part.path, was: was, now: now))
            #expect("\(found.error as Any)".contains("remove \(part.path) to fetch the new file"))
            #expect(found.ranges == [nil, "bytes=1000-"])
            // What has arrived is kept: only its owner knows whether it is of use.
            #expect(try Data(contentsOf: part) == Data(small.archive.prefix(1000)))
        }
    }

    @Test("is told by its size in Content-Range")
    func size() async throws {
        try await withTemporaryFolder { folder in
            let found = try await fetch([], then: [], into: folder, grows: true)
            let count = small.archive.count
            guard
                case FetchError.changedOnServer(_, _, "size \(count)", "size \(count + 1)")? =
                    found.error
            else {
                Issue.record("\(found.error as Any)")
                return
            }
        }
    }

    @Test("is told by a later process too, and the new file is fetched once the part is removed")
    func laterProcess() async throws {
        try await withTemporaryFolder { folder in
            let body = small.archive
            let cut = LoopbackServer.Reply.headed(["ETag: \"a\""], .cut(after: 1000))
            let stop = LoopbackServer.Reply.headed(["ETag: \"a\""], .cut(after: 0))
            let changed = LoopbackServer.Reply.headed(["ETag: \"b\""], .proper)
            let server = try LoopbackServer(
                body, [cut, stop, stop, stop, changed, changed, changed])
            defer { server.stop() }
            let fetcher = DatasetFetcher(
                small.published, into: folder, from: try server.url, md5: "0",
                retryDelay: .milliseconds(1))
            let first = await #expect(throws: FetchError.self) { try await fetcher.fetch() }
            guard case .interrupted(_, 1000, let part, _)? = first else {
                Issue.record("\(first as Any)")
                return
            }
            let second = await #expect(throws: FetchError.self) { try await fetcher.fetch() }
            guard case .changedOnServer(_, part, _, _)? = second else {
                Issue.record("\(second as Any)")
                return
            }
            try FileManager.default.removeItem(atPath: part)
            // The whole file arrives; its digest is another matter.
            let third = await #expect(throws: FetchError.self) { try await fetcher.fetch() }
            guard case .wrongChecksum(_, _, _, removed: true)? = third else {
                Issue.record("\(third as Any)")
                return
            }
            #expect(server.ranges.suffix(2) == ["bytes=1000-", nil])
        }
    }

    @Test("is not guessed from another address's ETag")
    func otherAddress() async throws {
        try await withTemporaryFolder { folder in
            let body = small.archive
            let first = try LoopbackServer(
                body,
                [
                    .headed(["ETag: \"a\""], .cut(after: 1000)),
                    .headed(["ETag: \"a\""], .cut(after: 0)),
                ])
            defer { first.stop() }
            let second = try LoopbackServer(body, [.headed(["ETag: \"b\""], .proper)])
            defer { second.stop() }
            for server in [first, second] {
                _ = try? await DatasetFetcher(
                    small.published, into: folder, from: server.url,
                    md5: SmallArchive.md5(body), retryDelay: .milliseconds(1)
                ).fetch()
            }
            #expect(second.ranges == ["bytes=1000-"])
            try #expect(folder.names() == ["small-binary", "small-binary.tar.gz"])
        }
    }
}
