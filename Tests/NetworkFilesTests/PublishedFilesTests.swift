import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing
import Torch
import TorchNN
import VisionModels

@testable import NetworkFiles

/// Files for networks of ImageNet, in the forms in which they are published.
@Suite("Published files of ImageNet's networks")
struct PublishedFilesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(components: "Fixtures", "published")

    /// Made by PyTorch with `Fixtures/make_published.py`.
    @Test(
        "load unrenamed as PyTorch saves them, in both forms, with and without counters and prefixes",
        arguments: ["bare", "uncounted", "parallel", "nested"], [".pth", ".old.pth"])
    func madeByPyTorch(_ name: String, _ ending: String) throws {
        let path = Self.folder.appending(component: name + ending).path
        var remarks: [String] = []
        let network = try loadNetwork("imagenet-MobileNetV1", weights: path, classCount: 10) {
            remarks.append($0.description.replacing("\(path): ", with: ""))
        }
        let prefixes = ["parallel": "module.", "nested": "model."]
        #expect(
            remarks == (prefixes[name].map { ["took the prefix '\($0)' off the names"] } ?? []))
        let weights = network.stateDict().filter { !$0.name.hasSuffix("num_batches_tracked") }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        #expect(weights.count == 137)
        for (index, entry) in weights.enumerated() {
            let value = Double(index + 1) / 256
            let isConstant = (entry.tensor + -value).sumOfSquares().item() == 0
            #expect(isConstant, "\(entry.name) is not \(value) throughout")
        }
    }

    /// torchvision's files of 2018 have the form before PyTorch 1.6 and no counters of batches.
    @Test(
        "of torchvision load whatever stands around them",
        arguments: ["", "module.", "model."], [nil, "state_dict", "model"] as [String?])
    func torchvision(_ prefix: String, _ key: String?) throws {
        let network = Architecture.imagenetResNet18.make(
            classCount: 4, generator: Generator(seed: 3))
        let entries = network.stateDict().filter { !$0.name.hasSuffix("num_batches_tracked") }
            .map { entry in
                var entry = entry.entry
                entry.name = prefix + entry.name
                return entry
            }
        let weights = OldCheckpointWriter.Value.tensors(entries)
        let contents = OldCheckpointWriter.file(key.map { .dictionary([($0, weights)]) } ?? weights)
        let url = FileManager.default.temporaryDirectory.appending(
            component: "reviewkd-\(UUID().uuidString).pth")
        try contents.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let read = try loadNetwork("imagenet-ResNet18", weights: url.path, classCount: 4)
        for (found, expected) in zip(read.stateDict(), network.stateDict()) {
            #expect(found.name == expected.name)
            #expect(found.tensor.contiguous().bytes() == expected.tensor.bytes(), "\(found.name)")
        }
        // The form of CIFAR has as many tensors, under other names.
        let error = #expect(throws: StateDictError.self) {
            _ = try loadNetwork("ResNet18", weights: url.path, classCount: 4)
        }
        #expect(error?.fitting == "imagenet-ResNet18")
    }
}
