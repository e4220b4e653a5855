import Foundation
import TensorFiles
import Testing

/// Damages small files in thousands of ways, the same in every run; a trap would end the process.
@Suite("Damaged files")
struct MutationTests {
    @Test(
        "A file with damaged bytes is read or refused, and never ends the process",
        arguments: [
            "every_dtype.safetensors", "wrapped.safetensors", "every_dtype.pt", "views.pt",
            "wrapped.pt", "deflated.pt", "legacy.pt",
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
        var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var refused = 0
        for _ in 0..<rounds {
            do {
                let file = try read(damaged(original, using: &generator))
                _ = try Safetensors.encode(entries: file.entries, metadata: file.metadata)
            } catch is WeightFileError {
                refused += 1
            } catch SafetensorsError.reservedName {
                continue
            }
        }
        return refused
    }

    private func damaged(_ original: Data, using generator: inout Xorshift) -> Data {
        var contents = Array(original)
        for _ in 0...Int.random(in: 0..<3, using: &generator) {
            let position = Int.random(in: 0..<contents.count, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: contents.removeSubrange(position...)
            case 1: contents.insert(.random(in: 0...255, using: &generator), at: position)
            case 2: contents.remove(at: position)
            case 3: contents[position] = Bool.random(using: &generator) ? 0x7F : 0xFF
            case 4: contents[position] = .random(in: 0...255, using: &generator)
            default: contents[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            if contents.isEmpty { break }
        }
        return Data(contents)
    }
}

/// Marsaglia's generator, for numbers that are the same on every machine.
private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
