import Examples
import Foundation
import Testing
import Torch
import TorchNN
import VisionModels

// The line of docs/adding-a-model.md as the list of networks would have it.
private let list: [Architecture] = [
    Architecture("tinynet", imageSize: 32) { TinyNet(classCount: $0, generator: $1) }
]

/// The example, also where a copy of it was added as its page says.
private typealias TinyNet = Examples.TinyNet

/// What the list of networks makes of the example's file, once its line stands there.
@Suite("The example's network in the list")
struct NetworkListTests {
    private func network(on device: Device) throws -> any Backbone {
        try #require(list.first).make(
            classCount: 100, generator: Generator(seed: 5), device: device)
    }

    @Test("Its line on the page is the line that stands here")
    func line() throws {
        let file = URL(fileURLWithPath: #filePath)
        let root = file.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = try String(contentsOf: file, encoding: .utf8)
        let line = try #require(
            source.split(separator: "\n").first { $0.hasPrefix("    Architecture(") })
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/adding-a-model.md"), encoding: .utf8)
        let shown = page.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        // The page's has a comma, since others follow it.
        let isShown = shown.contains(line.trimmingCharacters(in: .whitespaces) + ",")
        #expect(isShown, "docs/adding-a-model.md lacks the line \(line)")
    }

    @Test("The line gives the facts of the network, from one on the meta device")
    func facts() throws {
        let tiny = try #require(list.first)
        #expect(tiny.name == "tinynet" && tiny.imageSize == 32)
        let facts = tiny.facts(classCount: 100)
        #expect(facts.levels == [[1, 16, 32, 32], [1, 32, 16, 16], [1, 32, 1, 1]])
        #expect(facts.pooledChannels == 32)
        let kernels = [16 * 3 * 9, 32 * 16 * 9]
        #expect(facts.parameterCount == kernels[0] + 2 * 16 + kernels[1] + 2 * 32 + 32 * 100 + 100)
        #expect(
            facts.multiplyAccumulates == kernels[0] * 32 * 32 + kernels[1] * 16 * 16 + 32 * 100)
        let norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        let keys =
            ["conv1.weight"] + norm.map { "bn1.\($0)" } + ["conv2.weight"]
            + norm.map { "bn2.\($0)" } + ["fc.weight", "fc.bias"]
        #expect(facts.stateDict.map(\.name) == keys)
        #expect(try network(on: .meta).device == .meta)
    }

    @Test("The line makes the network with the weights that it draws by itself")
    func weights() throws {
        let plain = TinyNet(classCount: 100, generator: Generator(seed: 5))
        #expect(
            try network(on: .cpu).stateDict().map { $0.tensor.bytes() }
                == plain.stateDict().map { $0.tensor.bytes() })
    }
}
