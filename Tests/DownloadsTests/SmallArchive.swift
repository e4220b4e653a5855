import ArchivesTestSupport
import Crypto
import Downloads
import Foundation

/// A small published archive, its files given by a rule.
struct SmallArchive {
    /// What the publisher says of it.
    var published = SmallArchive.described(sha256: [nil, nil])

    private static let names = ["train.bin", "test.bin"]
    private static let fileBytes = 60_000

    /// The same archive, with other digests of its files.
    static func described(sha256: [String?]) -> PublishedArchive {
        guard let url = URL(string: "https://example.com/small-binary.tar.gz") else {
            preconditionFailure("an address that is none")
        }
        return PublishedArchive(
            dataset: "small", url: url, md5: "", folderName: "small-binary",
            files: zip(names, sha256).map {
                .init(name: $0, byteCount: fileBytes, sha256: $1)
            })
    }

    static func md5(_ bytes: [UInt8]) -> String {
        Insecure.MD5.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }

    /// The bytes of a file, different for each.
    func bytes(_ file: PublishedArchive.File) -> [UInt8] {
        let seed = file.name.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 251
        return (0..<file.byteCount).map {
            UInt8(truncatingIfNeeded: ($0 &* $0) >> 3 &+ seed &* 17)
        }
    }

    /// The archive as a publisher would make it, its members in reverse order.
    var archive: [UInt8] {
        var tar = TarFixture()
        tar.add(published.folderName + "/", kind: "5")
        for file in published.files.reversed() {
            tar.add(published.folderName + "/" + file.name, bytes(file))
        }
        return tar.compressed
    }

    /// Writes the folder as the archive has it.
    func writeFolder(in directory: URL) throws -> URL {
        let folder = directory.appendingPathComponent(published.folderName)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in published.files { _ = try folder.writing(bytes(file), as: file.name) }
        return folder
    }
}
