import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

/// A file that holds no weights, as people take one for them.
struct Foreign: Sendable, CustomTestStringConvertible {
    /// What the page on weights calls it.
    let title: String
    /// The words of the refusal.
    let words: String
    let contents: @Sendable () -> Data

    var testDescription: String { title }

    /// Its row of the page on weights.
    var row: String { "| \(title) | refused: “\(words)” |" }

    static let all = [
        Foreign(title: "an empty file", words: "is empty; download or save it again") { Data() },
        Foreign(
            title: "a web page",
            words: "is a web page, not a weights file: the download gave a page"
        ) { Data("\n<!DOCTYPE html><html><title>Sign in</title></html>".utf8) },
        Foreign(
            title: "an XML answer of a store",
            words: "is a web page, not a weights file: the download gave a page"
        ) { Data("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".utf8) },
        Foreign(
            title: "the same without its heading",
            words: "is a web page, not a weights file: the download gave a page"
        ) { Data("<Error><Code>NoSuchKey</Code><Message>absent</Message></Error>".utf8) },
        Foreign(
            title: "a page that begins with a comment",
            words: "is a web page, not a weights file: the download gave a page"
        ) { Data("<!-- a mirror -->\n<html><body>Moved</body></html>".utf8) },
        Foreign(
            title: "a Git LFS pointer", words: "is a Git LFS pointer, not the file it points to"
        ) {
            Data(
                "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 3578887\n".utf8)
        },
        Foreign(
            title: "gzip",
            words: "is packed with gzip; unpack it first (gzip -dc FILE > weights.pth)"
        ) {
            Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
        },
        Foreign(
            title: "bzip2",
            words: "is packed with bzip2; unpack it first (bzip2 -dc FILE > weights.pth)"
        ) {
            Data("BZh91AY".utf8)
        },
        Foreign(
            title: "xz", words: "is packed with xz; unpack it first (xz -dc FILE > weights.pth)"
        ) {
            Data([0xFD]) + Data("7zXZ".utf8) + Data([0])
        },
        Foreign(
            title: "zstd",
            words: "is packed with zstd; unpack it first (zstd -dc FILE > weights.pth)"
        ) {
            Data([0x28, 0xB5, 0x2F, 0xFD, 0])
        },
        Foreign(
            title: "a zip archive around checkpoints",
            words:
                "without PyTorch's data.pkl, and holds 'teachers/resnet8.pth', 'README.md'; unpack it"
        ) {
            ZipWriter(entries: [
                .init(name: "teachers/resnet8.pth", contents: Data([1])),
                .init(name: "README.md", contents: Data()),
            ]).archive()
        },
        Foreign(
            title: "a tar archive around checkpoints",
            words:
                "is a tar archive, not a weights file, and holds 'resnet8_vanilla/ckpt.pth', 'log'; unpack it"
        ) { tar(["resnet8_vanilla/ckpt.pth", "log"]) },
        Foreign(
            title: "PyTorch's form before 0.1.10",
            words:
                "is a checkpoint in the form of PyTorch before 0.1.10 (a tar archive), which is not read"
        ) { tar(["sys_info", "pickle", "tensors", "storages"]) },
        Foreign(title: "a `.npy` array", words: "is an array of NumPy, not a dictionary of weights")
        {
            Data([0x93]) + Data("NUMPY\u{1}\0".utf8)
        },
        Foreign(title: "HDF5", words: "is an HDF5 file, as Keras writes them, which is not read") {
            Data([0x89]) + Data("HDF\r\n\u{1A}\n".utf8)
        },
        Foreign(
            title: "GGUF", words: "is a GGUF file, as language models have them, which is not read"
        ) {
            Data("GGUF\u{3}\0\0\0".utf8)
        },
        Foreign(
            title: "ONNX",
            words:
                "is an ONNX model, for programs that run such models, and holds no weights under a"
        ) {
            // As PyTorch's exporter begins: format 8, the producer and its version.
            Data("\u{8}\u{8}\u{12}\u{7}pytorch\u{1A}\u{6}2.13.0:".utf8)
        },
        Foreign(
            title: "the index of split weights",
            words: "is a JSON text, such as the index of weights that are split over several files"
        ) { Data("{\"metadata\": {}, \"weight_map\": {\"a\": \"model-00001.safetensors\"}}".utf8) },
        Foreign(title: "a text", words: "is a text, not a weights file this tool reads") {
            Data("Dear reader, these are no weights.\n".utf8)
        },
        Foreign(
            title: "TorchScript",
            words: "is a TorchScript program; save its weights with torch.save(torch.jit.load("
        ) {
            ZipWriter(entries: [
                .init(name: "net/data.pkl", contents: Data("N.".utf8)),
                .init(name: "net/constants.pkl", contents: Data("N.".utf8)),
            ]).archive()
        },
        Foreign(
            title: "a program of torch.export (`.pt2`)",
            words: "is a program of torch.export; save its weights with torch.save("
        ) {
            ZipWriter(entries: [.init(name: "net/archive_format", contents: Data("pt2".utf8))])
                .archive()
        },
    ]

    /// A tar archive of small members, by the rules of POSIX.
    private static func tar(_ names: [String]) -> Data {
        var archive = Data()
        for name in names {
            var header = Data(name.utf8) + Data(count: 512 - name.utf8.count)
            header.replaceSubrange(124..<135, with: Data("00000000003".utf8))
            header.replaceSubrange(257..<262, with: Data("ustar".utf8))
            archive += header + Data("abc".utf8) + Data(count: 509)
        }
        return archive + Data(count: 1024)
    }
}

@Suite("Files that hold no weights")
struct ForeignFileTests {
    @Test("What is no weights file is named as what it is", arguments: Foreign.all)
    func foreign(_ file: Foreign) {
        let error = #expect(throws: WeightFileError.self) {
            try WeightFile.decode(file.contents(), path: "teacher.pth")
        }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("teacher.pth "))
        #expect(description.contains(file.words), "\(description)")
    }

    @Test("Bytes of no known kind are of an unknown format")
    func unknown() {
        #expect(throws: WeightFileError.unknownFormat(path: "x", byteCount: 4)) {
            try WeightFile.decode(Data([7, 0, 1, 2]), path: "x")
        }
    }

    @Test("The page on weights has the row of every kind")
    func page() throws {
        let text = try weightsPage()
        for file in Foreign.all { #expect(text.contains(file.row), "\(file.row)") }
    }
}

/// The page on weights.
func weightsPage() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try String(contentsOf: root.appending(components: "docs", "weights.md"), encoding: .utf8)
}
