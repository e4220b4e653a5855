import ArchivesTestSupport
import Foundation
import Testing
import VisionData

@Suite("Layouts of CIFAR")
struct CifarLayoutTests {
    private static let fixtures = [CifarFixture(.cifar10), CifarFixture(.cifar100)]

    @Test("The publisher's pickles have the bytes of the binary files", arguments: fixtures)
    func pickles(fixture: CifarFixture) async throws {
        try await withTemporaryFolder { directory in
            let folder = try fixture.writePickles(in: directory)
            for place in [directory, folder, folder.appendingPathComponent("meta")] {
                try check(fixture, at: place)
            }
        }
    }

    @Test(
        "Pickles that Python 3 wrote again, in its own ways, have the same bytes",
        arguments: [2, 4])
    func rewritten(protocol version: Int) async throws {
        let fixture = CifarFixture(.cifar100)
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "Fixtures", "cifar100-protocol\(version).pkl")
        try await withTemporaryFolder { directory in
            let folder = try fixture.writePickles(in: directory)
            let test = folder.appendingPathComponent("test")
            try FileManager.default.removeItem(at: test)
            try FileManager.default.copyItem(at: source, to: test)
            try check(fixture, at: directory)
        }
    }

    @Test(
        "A doubled folder and a file of the data set are places where it lies", arguments: fixtures)
    func places(fixture: CifarFixture) async throws {
        try await withTemporaryFolder { directory in
            let outer = directory.appendingPathComponent(fixture.dataset.folderName)
            try fixture.writeFolder(in: outer)
            try check(fixture, at: directory)
            try check(fixture, at: outer)
            let file = fixture.dataset.testFiles[0].name
            try check(
                fixture,
                at: outer.appendingPathComponent(fixture.dataset.folderName)
                    .appendingPathComponent(file))
        }
        try await withTemporaryFolder { directory in
            let outer = directory.appendingPathComponent(fixture.dataset.pickleFolderName)
            try fixture.writePickles(in: outer)
            try check(fixture, at: directory)
        }
    }

    @Test("Where nothing fits, the error says what lies there")
    func nothing() async throws {
        try await withTemporaryFolder { directory in
            for name in ["train", "val"] {
                try FileManager.default.createDirectory(
                    at: directory.appendingPathComponent(name), withIntermediateDirectories: true)
            }
            _ = try directory.writing([1], as: "train.mat")
            let error = #expect(throws: CIFARError.self) {
                try CIFARFiles.read(.cifar100, .test, in: directory)
            }
            let words =
                "expected the folder cifar-100-binary or cifar-100-python, or the archive "
                + "cifar-100-binary.tar.gz or cifar-100-python.tar.gz, of cifar100, found train.mat, train/, val/; name"
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("The advice names the folder where a file in it is given")
    func fileGiven() async throws {
        try await withTemporaryFolder { directory in
            let file = try directory.writing([1], as: "images.tar.gz")
            let error = #expect(throws: CIFARError.self) {
                try CIFARFiles.read(.cifar100, .test, in: file)
            }
            let words = "fetch the data set into \(directory.path)"
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("torchvision's download is read without unpacking it", arguments: fixtures)
    func pickleArchive(fixture: CifarFixture) async throws {
        try await withTemporaryFolder { directory in
            let folder = try fixture.writePickles(in: directory)
            var tar = TarFixture()
            for file in fixture.dataset.allFiles.reversed() {
                let name = (file.name as NSString).deletingPathExtension
                let contents = try Data(contentsOf: folder.appendingPathComponent(name))
                tar.add(fixture.dataset.pickleFolderName + "/" + name, Array(contents))
            }
            try FileManager.default.removeItem(at: folder)
            let name = fixture.dataset.name == "cifar10" ? "cifar-10" : "cifar-100"
            let archive = try directory.writing(tar.compressed, as: name + "-python.tar.gz")
            for place in [directory, archive] { try check(fixture, at: place) }
        }
    }

    @Test("Files that only have a pickle's name hide no archive and no folder")
    func namesakes() async throws {
        let fixture = CifarFixture(.cifar100)
        try await withTemporaryFolder { directory in
            _ = try directory.writing(Array("#!/bin/sh".utf8), as: "test")
            _ = try directory.writing([], as: "train")
            _ = try directory.writing(fixture.archive, as: fixture.dataset.archiveName)
            try check(fixture, at: directory)
            let folder = directory.appendingPathComponent(fixture.dataset.folderName)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try check(fixture, at: directory)
            try FileManager.default.removeItem(
                at: directory.appendingPathComponent(fixture.dataset.archiveName))
            #expect(
                throws: CIFARError.fileMissing(
                    dataset: fixture.dataset, file: "test.bin", container: folder.path,
                    directory: directory.path)
            ) { try CIFARFiles.read(fixture.dataset, .test, in: directory) }
        }
    }

    @Test("A folder that lacks a file hides no whole one and no archive", arguments: fixtures)
    func halfComplete(fixture: CifarFixture) async throws {
        try await withTemporaryFolder { directory in
            let pickles = try fixture.writePickles(in: directory)
            let binary = try fixture.writeFolder(in: directory)
            let lost = fixture.dataset.trainFiles[0].name
            try FileManager.default.removeItem(at: binary.appendingPathComponent(lost))
            try check(fixture, at: directory)
            try FileManager.default.removeItem(at: pickles)
            let archive = try directory.writing(
                fixture.archive, as: fixture.dataset.archiveName)
            try check(fixture, at: directory)
            try FileManager.default.removeItem(at: archive)
            #expect(
                throws: CIFARError.fileMissing(
                    dataset: fixture.dataset, file: lost, container: binary.path,
                    directory: directory.path)
            ) { try CIFARFiles.read(fixture.dataset, .train, in: directory) }
        }
    }

    @Test(
        "A pickle that is damaged or of another data set is refused with the reason",
        arguments: [
            ("fine_labels", "fine_labelz", "it has no data or no fine_labels"),
            ("multiarray", "multiarrax", "its data are no array of 3072 bytes an image"),
            ("U\u{2}u1", "U\u{2}i1", "its data are no array of 3072 bytes an image"),
            ("K\u{7}K\u{8}", "K\u{7}K\u{7F}", "a class is not in 0 to 99"),
            ("K\u{7}K\u{8}", "K\u{7}", "it has not one class for each image"),
            ("}q\u{1}(", "}q\u{1}t", "its pickle takes values back to a mark at byte 5"),
        ])
    func damaged(found: String, instead: String, words: String) async throws {
        let fixture = CifarFixture(.cifar100)
        try await withTemporaryFolder { directory in
            let folder = try fixture.writePickles(in: directory)
            let url = folder.appendingPathComponent("test")
            var contents = try Data(contentsOf: url)
            let range = try #require(contents.range(of: Data(found.utf8)))
            contents.replaceSubrange(range, with: Data(instead.utf8))
            try contents.write(to: url)
            let error = #expect(throws: CIFARError.self) {
                try CIFARFiles.read(fixture.dataset, .test, in: directory)
            }
            #expect(error?.description.hasPrefix(url.path) == true)
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("Pickles with more images than were published, and missing ones, are refused")
    func counts() async throws {
        var fixture = CifarFixture(.cifar100)
        try await withTemporaryFolder { directory in
            let folder = try fixture.writePickles(in: directory)
            fixture.dataset.testFiles[0].imageCount = 2
            #expect(
                throws: CIFARError.tooManyImages(
                    dataset: fixture.dataset, path: folder.path + "/test", expectedRecords: 2,
                    found: 3)
            ) { try CIFARFiles.read(fixture.dataset, .test, in: directory) }
            try FileManager.default.removeItem(at: folder.appendingPathComponent("train"))
            #expect(
                throws: CIFARError.fileMissing(
                    dataset: fixture.dataset, file: "train", container: folder.path,
                    directory: directory.path)
            ) { try CIFARFiles.read(fixture.dataset, .train, in: directory) }
        }
    }

    private func check(
        _ fixture: CifarFixture, at place: URL, location: SourceLocation = #_sourceLocation
    ) throws {
        for split in CIFARDataset.Split.allCases {
            let images = try CIFARFiles.read(fixture.dataset, split, in: place)
            #expect(images.pixels == fixture.expectedPixels(split), sourceLocation: location)
            let labels: [UInt8] = fixture.dataset.files(split).flatMap { _ in [7, 8, 9] }
            #expect(images.labels == labels, sourceLocation: location)
        }
    }
}
