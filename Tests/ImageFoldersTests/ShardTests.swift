import Archives
import ArchivesTestSupport
import Foundation
import ImageFolders
import Testing

@Suite("Shards of photographs")
struct ShardTests {
    private func list(
        _ shards: [(name: String, files: [(String, String)])], _ split: ImageFolder.Split = .train,
        texts: [String: String] = [:], cut: Bool = false
    ) async throws -> (images: [String], names: [String], bytes: [String]) {
        try await withTemporaryFolder { folder in
            for (name, files) in shards {
                var tar = TarFixture()
                for (path, contents) in files { tar.add(path, Array(contents.utf8)) }
                let url = folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(cut ? tar.bytes : tar.whole).write(to: url)
            }
            for (name, text) in texts {
                try Data(text.utf8).write(to: folder.appendingPathComponent(name))
            }
            do {
                let list = try ImageFolder(folder.path).list(split).list
                let bytes = try (0..<list.count).map { position in
                    let location = list.location(position)
                    let whole = try Data(contentsOf: URL(fileURLWithPath: location.file))
                    return String(decoding: whole[location.part ?? 0..<0], as: UTF8.self)
                }
                return (
                    (0..<list.count).map { "\(list.label($0)) \(list.path($0))" }, list.classNames,
                    bytes
                )
            } catch {
                throw Failure(
                    description: "\(error)".replacingOccurrences(of: folder.path + "/", with: ""))
            }
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private func failure(
        _ files: [(String, String)], texts: [String: String] = [:], cut: Bool = false
    ) async throws -> String {
        do {
            _ = try await list([("train-0.tar", files)], texts: texts, cut: cut)
            return "no error"
        } catch let error as Failure {
            return error.description
        }
    }

    @Test("webdataset's keys give each image the class in its .cls file")
    func keys() async throws {
        let found = try await list([
            (
                "train-00000.tar",
                [
                    ("0.cls", "2\n"), ("0.jpg", "zero"), ("1.jpg", "one"), ("1.cls", "0"),
                    ("1.json", "{}"),
                ]
            ),
            ("train-00001.tar", [("a/2.seg.png", "two"), ("a/2.cls", " 1 ")]),
        ])
        #expect(
            found.images == [
                "2 train-00000.tar:0.jpg", "0 train-00000.tar:1.jpg",
                "1 train-00001.tar:a/2.seg.png",
            ])
        #expect(found.names == ["0", "1", "2"])
        #expect(found.bytes == ["zero", "one", "two"])
    }

    @Test("Folders inside name the classes, below folders that all images share")
    func foldersInside() async throws {
        let files = [("./set/train/b/1.jpg", "b1"), ("./set/train/a/deep/2.jpg", "a2")]
        let found = try await list([("train/0.tar", files)])
        #expect(
            found.images == [
                "1 train/0.tar:set/train/b/1.jpg", "0 train/0.tar:set/train/a/deep/2.jpg",
            ])
        #expect(found.names == ["a", "b"])
        #expect(found.bytes == ["b1", "a2"])
    }

    @Test("classes.txt names the classes that numbers or words in .cls files mean")
    func classesFile() async throws {
        let texts = ["classes.txt": "cat\ndog\nowl\n"]
        let numbers = try await list(
            [("val.tar", [("0.jpg", ""), ("0.cls", "1")])], .val, texts: texts)
        #expect(numbers.images == ["1 val.tar:0.jpg"])
        #expect(numbers.names == ["cat", "dog", "owl"])
        let words = try await list(
            [("val.tar", [("0.jpg", ""), ("0.cls", "owl")])], .val, texts: texts)
        #expect(words.images == ["2 val.tar:0.jpg"])
    }

    @Test("What is wrong with a shard is said in a sentence that names it and the key")
    func wrongShards() async throws {
        #expect(
            try await failure([("0.jpg", ""), ("0.cls", "1"), ("1.jpg", "")])
                == "train-0.tar: the image '1' has neither a file 1.cls nor a folder that names its "
                + "class")
        #expect(
            try await failure([
                ("0.jpg", ""), ("0.cls", "1"), ("1.jpg", ""), ("1.cls", "0"), ("0.jpg", ""),
                ("0.cls", "1"),
            ])
                == "train-0.tar: the key '0' occurs twice, expected each once; write the shard anew"
        )
        #expect(
            try await failure([("a/0.jpg", ""), ("a/1.jpg", ""), ("a/0.jpg", "")])
                == "train-0.tar: the key 'a/0.jpg' occurs twice, expected each once; write the shard "
                + "anew")
        #expect(
            try await failure([("0.jpg", ""), ("0.png", ""), ("0.cls", "1")]).hasPrefix(
                "train-0.tar: the key '0' occurs twice"))
        #expect(
            try await failure(
                [("0.jpg", ""), ("0.cls", "3")], texts: ["classes.txt": "cat\ndog\n"])
                == "train-0.tar: the class of 'train-0.tar:0.jpg' is '3', expected a number from 0 "
                + "to 1 or a name from classes.txt")
        #expect(
            try await failure([("0.jpg", ""), ("0.cls", "-1")]).contains("the class of"))
        #expect(
            try await failure([("0.jpg", ""), ("0.cls", "1")], cut: true)
                == "train-0.tar: expected the end-of-archive block behind \"0.cls\", found the end "
                + "of the archive; remove it and fetch it again")
    }
}
