import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

/// Damages small files in thousands of ways, the same in every run; a trap would end the process.
@Suite("Damaged files")
struct MutationTests {
    @Test(
        "A file with damaged bytes is read or refused, and never ends the process",
        arguments: [
            "every_dtype.safetensors", "wrapped.safetensors", "every_dtype.pt", "views.pt",
            "wrapped.pt", "deflated.pt", "legacy.pt", "forms/wrapped.old.pt", "forms/module.old.pt",
            "forms/protocol0.old.pt", "forms/arrays.pkl",
        ])
    func files(name: String) throws {
        let original = try Fixture(name).contents()
        let refused = try countRefused(rounds: 1500, of: original) { contents in
            try WeightFile.decode(contents, path: name)
        }
        #expect(refused > 100)
    }

    @Test(
        "A damaged pickle under a right checksum is read or refused, and never ends the process",
        arguments: ["every_dtype.pt", "views.pt", "wrapped.pt", "malicious_protocol4.pt"])
    func pickles(name: String) throws {
        let archive = try ZipArchive(Fixture(name).contents())
        var entries = try archive.entries.map { entry in
            ZipWriter.Entry(name: entry.name, contents: try archive.bytes(of: entry))
        }
        let index = try #require(entries.firstIndex { $0.name.hasSuffix("data.pkl") })
        let refused = try countRefused(rounds: 1000, of: entries[index].contents) { pickle in
            entries[index].contents = pickle
            return try WeightFile.decode(ZipWriter(entries: entries).archive(), path: name)
        }
        #expect(refused > 100)
    }

    @Test("Every beginning of a file is refused", arguments: ["views.safetensors", "small.pt"])
    func beginnings(name: String) throws {
        let contents = try Fixture(name).contents()
        for count in 0..<contents.count {
            #expect(throws: WeightFileError.self) {
                try WeightFile.decode(contents.prefix(count), path: name)
            }
        }
    }

    /// Counts the refusals, and encodes whatever is read all the same.
    private func countRefused(
        rounds: Int, of original: Data, read: (Data) throws -> WeightFile
    ) throws -> Int {
        var mutator = Mutator(seed: 0x9E37_79B9_7F4A_7C15)
        var refused = 0
        for _ in 0..<rounds {
            do {
                let file = try read(mutator.damaged(original))
                _ = try Safetensors.encode(entries: file.entries, metadata: file.metadata)
            } catch is WeightFileError {
                refused += 1
            } catch SafetensorsError.reservedName {
                continue
            }
        }
        return refused
    }
}
