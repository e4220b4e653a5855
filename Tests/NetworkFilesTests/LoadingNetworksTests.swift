import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing
import Torch
import TorchNN
import VisionModels

@testable import NetworkFiles

@Suite("Weights of networks")
struct LoadingNetworksTests {
    private let network = Architecture.resnet8.make(classCount: 3, generator: Generator(seed: 7))

    @Test(
        "Weights are found whatever surrounds them, and what was done is said",
        arguments: Surroundings.all)
    func surroundings(_ surroundings: Surroundings) throws {
        let contents = OldCheckpointWriter.file(
            surroundings.value(network.stateDict().map(\.entry)))
        try withFile(contents) { path in
            switch surroundings.outcome {
            case .read(let words):
                let remarks = try expectRead(path)
                #expect(remarks.count == words.count, "\(remarks)")
                for (remark, words) in zip(remarks, words) {
                    #expect(remark == "\(path): \(words)")
                }
            case .refused(let words):
                let error = #expect(throws: StateDictError.self) { try load(path) }
                for words in words {
                    #expect(
                        error?.description.contains(words) == true, "\(String(describing: error))")
                }
            }
        }
    }

    @Test("A safetensors file with prefixed names is read as a checkpoint is")
    func safetensors() throws {
        let entries = Surroundings.renamed(network.stateDict().map(\.entry)) { "module.\($0)" }
        try withFile(Safetensors.encode(entries: entries)) { path in
            let remarks = try expectRead(path)
            #expect(remarks == ["\(path): took the prefix 'module.' off the names"])
        }
    }

    @Test(
        "Of two networks in one dictionary the one whose prefix is named is taken",
        arguments: [true, false])
    func namedPrefix(isSafetensors: Bool) throws {
        let own = network.stateDict().map(\.entry)
        let other = Architecture.resnet8.make(classCount: 3, generator: Generator(seed: 8))
        let entries =
            Surroundings.renamed(other.stateDict().map(\.entry)) { "a.\($0)" }
            + Surroundings.renamed(own) { "module.b.\($0)" }
        let contents =
            isSafetensors
            ? try Safetensors.encode(entries: entries)
            : OldCheckpointWriter.file(.dictionary([("model", .tensors(entries))]))
        try withFile(contents) { path in
            let remarks = try expectRead(path, key: "module.b")
            #expect(remarks.isEmpty)
            let error = #expect(throws: WeightFileError.self) {
                _ = try loadNetwork("resnet8", weights: path, key: WeightsKey("c"), classCount: 3)
            }
            #expect(
                error?.description.contains("no weights under the key 'c'") == true
                    || error?.description.contains("none begins with 'c.'") == true)
        }
    }

    @Test(
        "Every remedy that names a key leads to the weights it speaks of",
        arguments: ["ema", "model.b", "_orig_mod.c"])
    func keysOfRemarks(key: String) throws {
        let other = Architecture.resnet8.make(classCount: 3, generator: Generator(seed: 8))
        let others = other.stateDict().map(\.entry)
        let own = network.stateDict().map(\.entry)
        let value: OldCheckpointWriter.Value =
            key == "ema"
            ? .dictionary([("state_dict", .tensors(others)), ("ema", .tensors(own))])
            : .dictionary([
                (
                    "model",
                    .tensors(
                        Surroundings.renamed(others) { "a.\($0)" }
                            + Surroundings.renamed(own) {
                                key.replacing("model.", with: "") + ".\($0)"
                            })
                )
            ])
        try withFile(OldCheckpointWriter.file(value)) { path in
            var remarks: [String] = []
            _ = try loadNetwork("resnet8", weights: path, classCount: 3) { remarks.append("\($0)") }
            let remark = try #require(remarks.first)
            let match = try #require(
                remark.firstMatch(of: /to be taken with the key '([^']+)'$/), "\(remark)")
            let named = String(match.1)
            _ = try expectRead(path, key: named)
        }
    }

    @Test("Weights under a key of one's own are taken where it is named")
    func ownKey() throws {
        let entries = network.stateDict().map(\.entry)
        let value = OldCheckpointWriter.Value.dictionary([
            ("state_dict", .tensors([])), ("anything", .tensors(entries)),
        ])
        try withFile(OldCheckpointWriter.file(value)) { path in
            let remarks = try expectRead(path, key: "anything")
            #expect(remarks.isEmpty)
            let error = #expect(throws: WeightFileError.self) { try load(path) }
            #expect(error?.description.contains("name that as the key 'anything'") == true)
        }
    }

    @Test("Weights for another number of classes are said to be that")
    func otherClasses() throws {
        let entries = network.stateDict().map(\.entry)
        try withFile(Safetensors.encode(entries: entries)) { path in
            let error = #expect(throws: StateDictError.self) {
                _ = try loadNetwork("resnet8", weights: path, classCount: 100)
            }
            #expect(
                error?.description.contains(
                    "they are for 3 classes, expected 100; use weights trained on this data set")
                    == true, "\(error.map(String.init(describing:)) ?? "no error")")
        }
    }

    @Test("The page on weights has the row of all surroundings")
    func page() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(components: "docs", "weights.md"), encoding: .utf8)
        for surroundings in Surroundings.all {
            #expect(text.contains(surroundings.row), "\(surroundings.row)")
        }
    }

    private func load(_ path: String) throws {
        _ = try loadNetwork("resnet8", weights: path, classCount: 3)
    }

    /// Expects the very weights of the network.
    private func expectRead(_ path: String, key: String? = nil) throws -> [String] {
        var remarks: [String] = []
        let read = try loadNetwork("resnet8", weights: path, key: WeightsKey(key), classCount: 3) {
            remarks.append("\($0)")
        }
        for (found, expected) in zip(read.stateDict(), network.stateDict()) {
            #expect(found.name == expected.name)
            #expect(found.tensor.contiguous().bytes() == expected.tensor.bytes(), "\(found.name)")
        }
        return remarks
    }

    private func withFile(_ contents: Data, _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(
            component: "reviewkd-\(UUID().uuidString).pth")
        try contents.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }
}
