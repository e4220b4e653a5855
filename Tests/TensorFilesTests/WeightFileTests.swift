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
        let match = NameMatch(
            found.entries.map(\.name), required: expected.entries.map(\.name))
        #expect(match.isComplete)
        for entry in expected.entries {
            var entry = entry
            entry.name = try #require(match.names[entry.name])
            #expect(found.entriesByName[entry.name] == entry)
        }
        #expect(found.entries.count == expected.entries.count)
    }

    @Test("A checkpoint's tensors come in the order of its dictionary")
    func order() throws {
        let names = try Fixture("views.pt").read().entries.map(\.name)
        #expect(names == ["transposed", "expanded", "window", "row", "channels_last"])
    }

    @Test("A state dict is found under its key, with the names as they stand there")
    func wrapped() throws {
        let names = try Fixture("wrapped.pt").read().entries.map(\.name)
        #expect(names == ["module.conv.weight", "module.bias", "module.steps"])
    }

    @Test(
        "A file that cannot be read says in a sentence what it is and what to do",
        arguments: [
            ("malicious.pt", "has only 'weight' (an object of the class posix.system)"),
            ("malicious_protocol4.pt", "nothing of the file was executed"),
            ("big_endian.pt", "should be little endian, but its byte order is 'big'"),
            (
                "program.pt",
                "is a TorchScript program; save its weights with torch.save(torch.jit.load("
            ),
            ("make_fixtures.py", "is a text, not a weights file this tool reads"),
            ("absent.pt", "it does not exist"),
            ("", "it is a folder"),
        ])
    func refusals(name: String, sentence: String) throws {
        let fixture = Fixture(name)
        let error = #expect(throws: WeightFileError.self) { try fixture.read() }
        let description = try #require(error?.description)
        #expect(description.hasPrefix(fixture.path))
        #expect(description.contains(sentence), "\(description)")
    }

    @Test("An error shows a name without what would steer a terminal, and not at any length")
    func shownNames() {
        let name = "\u{1B}[2J\u{202E}" + String(repeating: "a", count: 1000)
        let description = SafetensorsError.duplicateName(name).description
        #expect(description.hasPrefix(#"entry '\u{1B}[2J\u{202E}aaa"#), "\(description)")
        #expect(description.count < 250)
    }
}
