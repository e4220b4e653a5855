import Archives
import ArchivesTestSupport
import Basics
import Downloads
import Foundation
import Synchronization
import TensorFilesTestSupport
import Testing

@Suite("Fetching a data set of several zips")
struct PartsFetchTests {
    private let small = SmallParts()

    private var val: PublishedParts.Part { small.published.parts[1] }

    /// What a fetch did.
    private struct Record {
        var error: (any Error)?
        var outcomes: [PartsFetcher.Outcome] = []
        var reports: [PartsFetcher.Progress] = []
    }

    /// Fetches parts, all where none is named.
    private func fetch(
        _ parts: [String]? = nil, from url: URL, into folder: URL, takesOthers: Bool = false
    ) async -> Record {
        var record = Record()
        let fetcher = PartsFetcher(
            small.published,
            parts: parts.map { names in small.published.parts.filter { names.contains($0.name) } },
            into: folder, from: url, takesOthers: takesOthers, retryDelay: .milliseconds(1))
        let reports = Mutex<[PartsFetcher.Progress]>([])
        do {
            try await fetcher.fetch(
                progress: { report in reports.withLock { $0.append(report) } },
                finish: { record.outcomes.append($0) })
        } catch {
            record.error = error
        }
        record.reports = reports.withLock { $0 }
        return record
    }

    /// Checks that a folder holds some files as published, and their archives, and nothing else.
    private func expectComplete(
        _ folder: URL, _ parts: [String] = ["annotations", "val"],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let archives = small.published.parts.filter { parts.contains($0.name) }.map(\.fileName)
        #expect(
            try folder.names() == (parts + archives).sorted(), sourceLocation: sourceLocation)
        for (name, bytes) in SmallParts.files where parts.contains(where: name.hasPrefix) {
            let found = try Data(contentsOf: folder.appendingPathComponent(name))
            #expect(found == Data(bytes), sourceLocation: sourceLocation)
        }
    }

    @Test("All parts are downloaded, checked and unpacked, and not downloaded again")
    func normal() async throws {
        try await withTemporaryFolder { parent in
            let folder = parent.appendingPathComponent("new/coco")
            let server = try LoopbackServer(small.archives)
            defer { server.stop() }
            let base = try server.base
            let record = await fetch(from: base, into: folder)
            #expect(record.error == nil)
            try expectComplete(folder)
            #expect(record.outcomes.map(\.part.name) == ["annotations", "val"])
            #expect(record.outcomes.allSatisfy { $0.work == .downloaded && $0.isPublished == true })
            for part in small.published.parts {
                let own = record.reports.filter { $0.file == part.fileName }
                for activity in [PartsFetcher.Activity.downloading, .verifying, .unpacking] {
                    let last = own.last { $0.activity == activity }
                    #expect(last != nil && last?.doneBytes == last?.totalBytes, "\(activity)")
                }
            }
            #expect(server.paths == ["/annotations/small_annotations.zip", "/zips/val.zip"])

            // Also once the archives are gone.
            for _ in 0..<2 {
                let again = await fetch(from: base, into: folder)
                #expect(again.outcomes.map(\.work) == [.alreadyComplete, .alreadyComplete])
                #expect(server.paths.count == 2)
                for part in small.published.parts {
                    try? FileManager.default.removeItem(
                        at: folder.appendingPathComponent(part.fileName))
                }
            }
        }
    }

    @Test("One part can be chosen, from its own address, from a flat folder or from the disk")
    func addresses() async throws {
        let bytes = small.archives["/zips/val.zip"] ?? []
        let flat = try LoopbackServer(["/mirror/val.zip": bytes])
        defer { flat.stop() }
        let mirror = try flat.base.appendingPathComponent("mirror")
        try await withTemporaryFolder { parent in
            _ = try parent.writing(bytes, as: "val.zip")
            let addresses = [mirror, mirror.appendingPathComponent("val.zip"), parent]
            for (index, address) in addresses.enumerated() {
                let folder = parent.appendingPathComponent("\(index)")
                let record = await fetch(["val"], from: address, into: folder)
                #expect(record.error == nil)
                try expectComplete(folder, ["val"])
            }
        }
        #expect(flat.paths == ["/mirror/zips/val.zip", "/mirror/val.zip", "/mirror/val.zip"])
    }

    @Test("A part that no address has is an error that names the first")
    func absent() async throws {
        let server = try LoopbackServer(["/other": [1]])
        defer { server.stop() }
        let base = try server.base
        try await withTemporaryFolder { folder in
            let record = await fetch(["val"], from: base, into: folder)
            let url = base.absoluteString + "/zips/val.zip"
            #expect(record.error as? FetchError == .httpStatus(url: url, status: 404))
            let local = await fetch(["val"], from: folder, into: folder)
            #expect(
                "\(local.error as Any)".contains("zips/val.zip could not be read: No such file"))
        }
    }

    @Test("A cut connection, and a process that ended, are taken up where they ended")
    func cut() async throws {
        try await withTemporaryFolder { folder in
            let server = try LoopbackServer(
                small.archives,
                [
                    .cut(after: 5000), .cut(after: 2500), .cut(after: 0), .cut(after: 0),
                    .cut(after: 0), .proper,
                ])
            defer { server.stop() }
            let base = try server.base
            let first = await fetch(["val"], from: base, into: folder)
            guard case FetchError.interrupted(_, 7500, _, _)? = first.error else {
                Issue.record("\(first.error as Any)")
                return
            }
            try #expect(folder.names() == ["val.zip.part", "val.zip.part.origin"])
            let second = await fetch(["val"], from: base, into: folder)
            #expect(second.error == nil)
            #expect(server.ranges.first == .some(nil))
            #expect(server.ranges.last == "bytes=7500-")
            try expectComplete(folder, ["val"])
        }
    }

    @Test("A file of another size, or with another digest, is refused unless others are taken")
    func otherFile() async throws {
        let other = SmallParts.zip([.init(name: "val/0.jpg", contents: Data([1, 2, 3]))])
        var changed = small.archives["/zips/val.zip"] ?? []
        changed[changed.count / 2] ^= 1
        for (bytes, isOther) in [(other, true), (changed, false)] {
            let server = try LoopbackServer(["/val.zip": bytes])
            defer { server.stop() }
            let address = try server.base.appendingPathComponent("val.zip")
            try await withTemporaryFolder { folder in
                let record = await fetch(["val"], from: address, into: folder)
                let text = "\(record.error as Any)"
                if isOther {
                    let url = address.absoluteString
                    #expect(
                        record.error as? FetchError
                            == .wrongSize(url: url, expected: val.byteCount, found: other.count))
                } else {
                    #expect(text.contains("MD5 \(val.md5)") && text.contains("has been removed"))
                }
                try #expect(folder.names() == [])

                let taken = await fetch(
                    ["val"], from: address, into: folder, takesOthers: true)
                if isOther {
                    #expect(taken.outcomes.map(\.isPublished) == [false])
                    try #expect(folder.names() == ["val", "val.zip"])
                    let again = await fetch(
                        ["val"], from: address, into: folder, takesOthers: true)
                    #expect(again.outcomes.map(\.work) == [.alreadyComplete])
                } else {
                    // The digest is passed over, but the checksum of a member is not.
                    guard case ArchiveError.corruptMember? = taken.error else {
                        Issue.record("\(taken.error as Any)")
                        return
                    }
                    try #expect(folder.names() == ["val.zip"])
                }
            }
        }
    }

    @Test("Where others are taken too, the published archive is known as such")
    func publishedAmongOthers() async throws {
        let server = try LoopbackServer(small.archives)
        defer { server.stop() }
        let base = try server.base
        try await withTemporaryFolder { folder in
            let record = await fetch(["val"], from: base, into: folder, takesOthers: true)
            #expect(record.outcomes.map(\.isPublished) == [true])
            try expectComplete(folder, ["val"])
        }
    }

    @Test("An archive with a member that leaves the folder unpacks nothing")
    func unsafe() async throws {
        let bytes = SmallParts.zip([
            .init(name: "val/0.jpg", contents: Data([1])),
            .init(name: "../x", contents: Data([2])),
        ])
        let server = try LoopbackServer(bytes)
        defer { server.stop() }
        let base = try server.base
        try await withTemporaryFolder { parent in
            let folder = parent.appendingPathComponent("data")
            let record = await fetch(["val"], from: base, into: folder, takesOthers: true)
            guard case ArchiveError.unsafePath(_, "../x")? = record.error else {
                Issue.record("\(record.error as Any)")
                return
            }
            try #expect(folder.names() == ["val.zip"])
            try #expect(parent.names() == ["data"])
        }
    }

    @Test("A file that is missing is filled in, and a different one is never overwritten")
    func repair() async throws {
        let server = try LoopbackServer(small.archives)
        defer { server.stop() }
        let base = try server.base
        try await withTemporaryFolder { folder in
            _ = await fetch(["val"], from: base, into: folder)
            let image = folder.appendingPathComponent("val/3.jpg")
            try FileManager.default.removeItem(at: image)
            let filled = await fetch(["val"], from: base, into: folder)
            #expect(filled.outcomes.map(\.work) == [.unpacked])
            try expectComplete(folder, ["val"])

            _ = try folder.appendingPathComponent("val").writing([1, 2], as: "3.jpg")
            try FileManager.default.removeItem(at: folder.appendingPathComponent("val/4.jpg"))
            let refused = await fetch(["val"], from: base, into: folder)
            #expect(
                refused.error as? FetchError
                    == .differentFile(path: image.path, expectedBytes: 20_000, foundBytes: 2))
            #expect(try Data(contentsOf: image) == Data([1, 2]))
            #expect(server.paths.count == 1)
        }
    }
}
