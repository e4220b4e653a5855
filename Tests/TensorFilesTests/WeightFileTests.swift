import Foundation
import TensorFiles
import Testing

@Suite("Weight files")
struct WeightFileTests {
    @Test(
        "A checkpoint gives the tensors that the reference implementation of safetensors stored",
        arguments: [
            ("every_dtype.pt", "every_dtype.safetensors"),
            ("deflated.pt", "every_dtype.safetensors"),
            ("views.pt", "views.safetensors"),
            ("wrapped.pt", "wrapped.safetensors"),
        ])
    func checkpointEqualsReference(checkpoint: String, reference: String) throws {
        let found = try Fixture(checkpoint).read()
        let expected = try Fixture(reference).read()
        #expect(expected.entries.count >= 3)
        #expect(found.entriesByName == expected.entriesByName)
    }

    @Test("A checkpoint's tensors come in the order of its dictionary")
    func order() throws {
        let names = try Fixture("views.pt").read().entries.map(\.name)
        #expect(names == ["transposed", "expanded", "window", "row", "channels_last"])
    }

    @Test("A state dict is found under its key, and the prefix of DataParallel is taken off")
    func wrapped() throws {
        let names = try Fixture("wrapped.pt").read().entries.map(\.name)
        #expect(names == ["conv.weight", "bias", "steps"])
    }

    @Test(
        "A file that cannot be read says in a sentence what it is and what to do",
        arguments: [
            ("malicious.pt", "refers to posix.system, which is not on the list of names"),
            ("malicious_protocol4.pt", "nothing was executed"),
            ("legacy.pt", "PyTorch wrote before version 1.6, which is not read; convert it once"),
            ("big_endian.pt", "should be little endian, but its byte order is 'big'"),
            ("program.pt", "is a TorchScript program; save the module's state_dict()"),
            ("make_fixtures.py", "is not a weights file this tool reads"),
            ("absent.pt", "it does not exist"),
            ("", "it is not a regular file"),
        ])
    func refusals(name: String, sentence: String) throws {
        let fixture = Fixture(name)
        let error = #expect(throws: WeightFileError.self) { try fixture.read() }
        let description = try #require(error?.description)
        #expect(description.hasPrefix(fixture.path))
        #expect(description.contains(sentence), "\(description)")
    }

    @Test("A tar archive is named as PyTorch's oldest form")
    func tar() {
        let contents = bytes(repeatElement(0, count: 257), "ustar".utf8, [0])
        #expect(throws: WeightFileError.legacy(path: "old.pth", .tar)) {
            try WeightFile.decode(contents, path: "old.pth")
        }
    }

    @Test("An error shows a name without what would steer a terminal, and not at any length")
    func shownNames() {
        let name = "\u{1B}[2J\u{202E}" + String(repeating: "a", count: 1000)
        let description = SafetensorsError.duplicateName(name).description
        #expect(description.hasPrefix(#"entry '\u{1B}[2J\u{202E}aaa"#), "\(description)")
        #expect(description.count < 250)
    }

    @Test("An empty file is of an unknown format")
    func empty() {
        #expect(throws: WeightFileError.unknownFormat(path: "empty", byteCount: 0)) {
            try WeightFile.decode(Data(), path: "empty")
        }
    }
}
