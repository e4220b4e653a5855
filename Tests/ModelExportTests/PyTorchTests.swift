import BasicsTestSupport
import Foundation
import ModelExport
import NetworkFiles
import TensorFiles
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

/// Written `.pth` files in PyTorch.
@Suite("Files for PyTorch", .serialized)
struct PyTorchTests {
    @Test(
        "load strictly, by weights alone, into the public definitions, which give the same logits",
        arguments: TestNetworks.chosen)
    func loads(_ architecture: Architecture) throws {
        guard PythonEnvironment.isThere(for: "PyTorch, \(architecture)") else { return }
        let size = architecture.imageSize
        let images = try TestImages.made(for: architecture)
        let network = TestNetworks.make(architecture, seeing: images)
        let states = [
            "plain.pth": network.stateDict(),
            "folded.pth": try network.foldedStateDict(named: architecture.name, imageSize: size),
        ]
        let logits = try withoutGrad {
            try #require(
                network.folded(dtype: .float32).features(images, keepsPreactivations: false).logits)
        }
        try withFolder { folder in
            try images.write(to: "\(folder)/images")
            for (name, state) in states {
                try PyTorchFile.encode(entries: state.map(\.entry)).write(
                    to: URL(filePath: "\(folder)/\(name)"))
            }
            _ = try PythonEnvironment.run(
                "load_pth.py",
                [
                    architecture.name, "\(architecture.classCount)", "\(folder)/images", "\(size)",
                    "\(folder)/plain.pth", "\(folder)/folded.pth",
                ])
            for name in states.keys.sorted() {
                let found = try Tensor.read(
                    "\(folder)/\(name).logits", columns: architecture.classCount)
                let difference = (found - logits).abs().max().item()
                print("export \(architecture) \(name): largest difference \(difference)")
                #expect(difference < 1e-4)
            }
        }
    }
}

extension TestImages {
    /// Images of made numbers, of the size that a network is for.
    static func made(for architecture: Architecture) throws -> Tensor {
        let size = architecture.imageSize
        return .hashed(5, shape: [size > 32 ? 3 : 8, 3, size, size], scale: 2, dtype: .float32)
    }
}
