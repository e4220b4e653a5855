import ArchivesTestSupport
import Foundation
import Testing
import VisionData

@Suite("CIFAR files")
struct CifarFilesTests {
    private static let fixtures = [CifarFixture(.cifar10), CifarFixture(.cifar100)]

    private func check(_ fixture: CifarFixture, in directory: URL) throws {
        for split in CIFARDataset.Split.allCases {
            let images = try CIFARFiles.read(fixture.dataset, split, in: directory)
            let files = fixture.dataset.files(split)
            #expect(images.pixels == fixture.expectedPixels(split))
            let labels: [UInt8] = files.flatMap { _ in [7, 8, 9] }
            #expect(images.labels == labels)
            #expect(images.count == 3 * files.count)
            #expect(images.channels == 3 && images.height == 32 && images.width == 32)
            #expect(images.classCount == (fixture.dataset.name == "cifar10" ? 10 : 100))
            #expect(images.warning == nil)
        }
    }

    @Test("A data set is found beside, inside and packed", arguments: fixtures)
    func places(fixture: CifarFixture) async throws {
        try await withTemporaryFolder { directory in
            let folder = try fixture.writeFolder(in: directory)
            try check(fixture, in: directory)
            try check(fixture, in: folder)
            let renamed = directory.appendingPathComponent("renamed")
            try FileManager.default.moveItem(at: folder, to: renamed)
            try check(fixture, in: renamed)
        }
        try await withTemporaryFolder { directory in
            _ = try directory.writing(fixture.archive, as: fixture.dataset.archiveName)
            try check(fixture, in: directory)
            #expect(try directory.names() == [fixture.dataset.archiveName])
        }
    }

    @Test("The published descriptions agree with the publisher's page")
    func descriptions() throws {
        for dataset in [CIFARDataset.cifar10, .cifar100] {
            #expect(dataset.imageCount(.train) == 50_000)
            #expect(dataset.imageCount(.test) == 10_000)
            #expect(try Dataset(named: dataset.name.uppercased()) == dataset.dataset)
        }
        #expect(CIFARDataset.cifar10.recordBytes == 3073)
        #expect(CIFARDataset.cifar100.recordBytes == 3074)
        #expect(
            CIFARDataset.cifar100.archiveURL.absoluteString
                == "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz")
        #expect(
            throws: DatasetError.unknown(
                name: "cifar1000",
                known: ["cifar100", "cifar10", "procedural", "imagenet", "folder", "coco"])
        ) { try Dataset(named: "cifar1000") }
    }

    @Test("A subset is read, with a warning")
    func subset() async throws {
        let fixture = CifarFixture()
        var dataset = fixture.dataset
        dataset.testFiles[0].imageCount = 10
        try await withTemporaryFolder { directory in
            try fixture.writeFolder(in: directory)
            let images = try CIFARFiles.read(dataset, .test, in: directory)
            #expect(images.count == 3)
            #expect(images.warning?.hasPrefix("only 3 of the published 10 images") == true)
        }
    }

    @Test("A folder without the data set says how to get it")
    func notFound() async throws {
        try await withTemporaryFolder { directory in
            let absent = directory.appendingPathComponent("absent")
            for (place, expected, remedy) in [
                (
                    directory,
                    CIFARError.notFound(
                        dataset: .cifar100, directory: directory.path, found: []),
                    "name another folder, or fetch the data set into \(directory.path)"
                ),
                (
                    absent, .folderMissing(dataset: .cifar100, directory: absent.path),
                    "check the path, or fetch the data set into \(absent.path)"
                ),
            ] {
                let error = #expect(throws: CIFARError.self) {
                    try CIFARFiles.read(.cifar100, .train, in: place)
                }
                #expect(error == expected)
                #expect(error?.description.hasSuffix(remedy) == true)
            }
        }
    }

    @Test("A missing file is named, in a folder and in an archive")
    func fileMissing() async throws {
        var fixture = CifarFixture()
        try await withTemporaryFolder { directory in
            let folder = try fixture.writeFolder(in: directory)
            try FileManager.default.removeItem(at: folder.appendingPathComponent("train.bin"))
            #expect(
                throws: CIFARError.fileMissing(
                    dataset: fixture.dataset, file: "train.bin", container: folder.path,
                    directory: directory.path)
            ) { try CIFARFiles.read(fixture.dataset, .train, in: directory) }
        }
        let whole = fixture.dataset
        fixture.dataset.trainFiles = []
        try await withTemporaryFolder { directory in
            let archive = try directory.writing(fixture.archive, as: whole.archiveName)
            #expect(
                throws: CIFARError.fileMissing(
                    dataset: whole, file: "train.bin", container: archive.path,
                    directory: directory.path)
            ) { try CIFARFiles.read(whole, .train, in: directory) }
        }
    }

    @Test(
        "A truncated, an empty and a too long file are refused",
        arguments: [
            (3 * 3074 - 1, "found 9221 bytes, which is 2 records and 3073 bytes"),
            (0, "found 0 bytes"),
            (4 * 3074, "expected at most the 3 published images of cifar100, found 4"),
        ])
    func wrongSize(bytes: Int, sentence: String) async throws {
        let fixture = CifarFixture()
        try await withTemporaryFolder { directory in
            let folder = try fixture.writeFolder(in: directory)
            _ = try folder.writing([UInt8](repeating: 0, count: bytes), as: "test.bin")
            let error = #expect(throws: CIFARError.self) {
                try CIFARFiles.read(fixture.dataset, .test, in: directory)
            }
            #expect(error?.description.contains(sentence) == true, "\(error as Any)")
        }
    }

    @Test("A foreign file is known by its labels", arguments: [(0, 20), (1, 100)])
    func foreign(byte: Int, limit: Int) async throws {
        let fixture = CifarFixture()
        try await withTemporaryFolder { directory in
            let folder = try fixture.writeFolder(in: directory)
            var bytes = fixture.bytes(fixture.dataset.testFiles[0])
            bytes[2 * 3074 + byte] = UInt8(limit)
            let file = try folder.writing(bytes, as: "test.bin")
            #expect(
                throws: CIFARError.foreignLabel(
                    dataset: fixture.dataset, path: file.path, record: 2, byte: byte,
                    value: UInt8(limit), limit: limit)
            ) { try CIFARFiles.read(fixture.dataset, .test, in: directory) }
        }
    }
}
