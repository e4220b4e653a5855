import ArchivesTestSupport
import Basics
import Foundation
import ImageFolders
import Testing

@Suite("Folders of photographs")
struct ImageFolderTests {
    /// Makes empty files in a folder.
    private func make(_ files: [String], in folder: URL) throws {
        for file in files {
            let url = folder.appendingPathComponent(file)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: url)
        }
    }

    private func images(_ list: ImageList) -> [String] {
        (0..<list.count).map { "\(list.label($0)) \(list.path($0))" }
    }

    @Test(
        "Classes and files come in the order of their code points, as in torchvision's ImageFolder")
    func order() async throws {
        try await withTemporaryFolder { folder in
            let classes = ["9", "10", "a", "B1", "b10", "b2", "_z", "é"]
            try make(classes.map { "train/\($0)/x.JPEG" }, in: folder)
            try make(
                ["train/a/S3.png", "train/a/s10.png", "train/a/s2.webp", "train/a/in/0.jpg"],
                in: folder)
            let list = try ImageFolder(folder.path).list(.train).list
            #expect(list.classNames == ["10", "9", "B1", "_z", "a", "b10", "b2", "é"])
            #expect(
                images(list).filter { $0.hasPrefix("4 ") } == [
                    "4 a/S3.png", "4 a/s10.png", "4 a/s2.webp", "4 a/x.JPEG", "4 a/in/0.jpg",
                ])
            #expect(list.location(0).file == folder.path + "/train/10/x.JPEG")
            #expect(list.location(0).part == nil)
        }
    }

    @Test("Hidden folders and pictures of other kinds are left out, and that is said")
    func leftOut() async throws {
        try await withTemporaryFolder { folder in
            try make(
                [
                    "train/a/1.jpg", "train/a/.hidden.jpg", "train/a/2.bmp", "train/a/3.TIF",
                    "train/a/notes.txt", "train/.ipynb_checkpoints/1.jpg",
                ], in: folder)
            let listing = try ImageFolder(folder.path).list(.train)
            #expect(images(listing.list) == ["0 a/1.jpg"])
            let train = folder.path + "/train"
            #expect(
                listing.remarks == [
                    "\(train): hidden folders are no classes and are left out: "
                        + ".ipynb_checkpoints",
                    "\(train): images of kinds that are not read are left out: 1 .bmp, 1 .tif; "
                        + "convert them to PNG",
                ])
        }
    }

    @Test(
        "A link to a folder is followed, one to a folder above it once, and one to nothing is listed"
    )
    func links() async throws {
        try await withTemporaryFolder { folder in
            try make(["train/a/1.jpg", "elsewhere/2.jpg"], in: folder)
            let manager = FileManager.default
            let train = folder.path + "/train"
            try manager.createSymbolicLink(
                atPath: train + "/b", withDestinationPath: folder.path + "/elsewhere")
            try manager.createSymbolicLink(
                atPath: train + "/a/loop", withDestinationPath: train + "/a")
            try manager.createSymbolicLink(
                atPath: train + "/a/gone.jpg", withDestinationPath: "/nowhere")
            let list = try ImageFolder(folder.path).list(.train).list
            #expect(images(list) == ["0 a/1.jpg", "0 a/gone.jpg", "1 b/2.jpg"])
        }
    }

    @Test("What is wrong with a folder is said in a sentence that names it")
    func wrongFolders() async throws {
        func error(_ files: [String], _ split: ImageFolder.Split = .train) async throws -> String {
            try await withTemporaryFolder { folder in
                try make(files, in: folder)
                let error = #expect(throws: ImageFolderError.self) {
                    try ImageFolder(folder.path).list(split)
                }
                return "\(error.map(\.description) ?? "")"
                    .replacingOccurrences(of: folder.path, with: "DIR")
            }
        }
        #expect(
            try await error(["test/a/1.jpg"])
                == "DIR: expected a folder train with a folder for each class, or shards "
                + "train-00000.tar and so on; found test")
        #expect(
            try await error(["train/a/1.jpg", "train/b/notes.txt"])
                == "DIR/train/b: expected images of this class, found none; remove the folder, or "
                + "put its images there")
        #expect(
            try await error(["train/1.jpg"])
                == "DIR/train: expected a folder for each class, found images beside each other; "
                + "move them into such folders")
        #expect(
            try await error(["train/notes.txt"])
                == "DIR/train: expected images, found none; images end in .jpg, .jpeg, .png or "
                + ".webp")
        #expect(
            try await error(["train/a/1.jpg", "train/b/1.jpg", "val/b/1.jpg", "val/c/1.jpg"])
                == "DIR: expected the same classes in train and val; only train has a, only val "
                + "has c")
        #expect(
            try await error(["train/a/1.jpg", "val/1.jpg"], .val).hasPrefix(
                "DIR/val: expected a folder for each class, found images beside each other; move "
                    + "them into such folders, or put a list of their classes beside it, named "
                    + "val.txt or "))
    }

    @Test(
        "A flat val takes its classes from a list",
        arguments: [
            ("val.txt", "val/2.JPEG b\n1.JPEG a\n3.JPEG b\n"),
            ("val.txt", "1.JPEG 0\n2.JPEG 1\n3.JPEG 1\n"),
            ("val_classes.txt", "a\nb\nb\n"),
            (
                "LOC_val_solution.csv",
                "ImageId,PredictionString\n3,b 1 2 3 4 b 5 6 7 8\n1,a 1 2 3 4\n2,b 9 9 9 9\n"
            ),
            ("imagenet_2012_validation_synset_labels.txt", "a\r\nb\r\nb\r\n"),
        ])
    func flatValidation(name: String, text: String) async throws {
        try await withTemporaryFolder { folder in
            try make(["train/a/1.jpg", "train/b/1.jpg"], in: folder)
            try make(["val/1.JPEG", "val/2.JPEG", "val/3.JPEG"], in: folder)
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
            let list = try ImageFolder(folder.path).list(.val).list
            #expect(images(list) == ["0 1.JPEG", "1 2.JPEG", "1 3.JPEG"])
            #expect(list.classNames == ["a", "b"])
        }
    }

    @Test("A list of classes that does not fit is refused with its line")
    func wrongLists() async throws {
        func error(_ name: String, _ text: String) async throws -> String {
            try await withTemporaryFolder { folder in
                try make(["train/a/1.jpg", "train/b/1.jpg", "val/1.jpg", "val/2.jpg"], in: folder)
                try Data(text.utf8).write(to: folder.appendingPathComponent(name))
                let error = #expect(throws: ImageFolderError.self) {
                    try ImageFolder(folder.path).list(.val)
                }
                return "\(error.map(\.description) ?? "")"
                    .replacingOccurrences(of: folder.path + "/", with: "")
            }
        }
        #expect(
            try await error("val.txt", "1.jpg a\n2.jpg c\n")
                == "val.txt: line 2: the class 'c' is not one of the 2 classes")
        #expect(
            try await error("val.txt", "1.jpg a\n")
                == "val.txt: line 1: expected a line for 2.jpg, found none")
        #expect(
            try await error("val.txt", "a\n")
                == "val.txt: line 1: expected a line for each of the 2 images, found 1 lines")
        #expect(
            try await error("val.txt", "1.jpg a\n2.jpg a b\n")
                == "val.txt: line 2: expected FILE CLASS on every line, or CLASS alone on every "
                + "line; found 3 words")
        #expect(
            try await error("ILSVRC2012_validation_ground_truth.txt", "490\n361\n").hasPrefix(
                "ILSVRC2012_validation_ground_truth.txt: it numbers the classes in the order of "
                    + "ImageNet's development kit"))
    }

    @Test("A kept list tells which image is another one")
    func keptList() async throws {
        try await withTemporaryFolder { folder in
            try make((0..<40).map { "train/a/\($0).jpg" } + ["train/b/1.jpg"], in: folder)
            let path = folder.path + "/list.gz"
            func list() throws -> ImageList { try ImageFolder(folder.path).list(.train).list }
            try ImageListFile.write(list(), to: path)
            #expect(try ImageListFile.difference(of: list(), from: path) == nil)
            let one = folder.appendingPathComponent("train/b/1.jpg")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: one.path)
            #expect(
                try ImageListFile.difference(of: list(), from: path) == .touched(path: "b/1.jpg"))
            try Data([1]).write(to: one)
            #expect(
                try ImageListFile.difference(of: list(), from: path) == .changed(path: "b/1.jpg"))
            try make(["train/b/0.jpg"], in: folder)
            #expect(
                try ImageListFile.difference(of: list(), from: path)
                    == .image(expected: "b/1.jpg", found: "b/0.jpg"))
            try FileManager.default.removeItem(at: one)
            try FileManager.default.moveItem(
                at: folder.appendingPathComponent("train/b/0.jpg"),
                to: folder.appendingPathComponent("train/a/x.jpg"))
            try make(["train/b/2.jpg", "train/b/3.jpg"], in: folder)
            try Data([0x1F, 0x8B, 8]).write(to: folder.appendingPathComponent("list.gz"))
            #expect(try ImageListFile.difference(of: list(), from: path) == .unreadable)
        }
    }
}
