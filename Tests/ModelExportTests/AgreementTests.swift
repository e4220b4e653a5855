import BasicsTestSupport
import Foundation
import ModelExport
import ONNXFiles
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

/// Exported files in other people's programs.
@Suite("Exported networks", .serialized)
struct AgreementTests {
    private func expected(_ network: any Backbone, _ images: Tensor) throws -> Tensor {
        let folded = network.folded(dtype: .float32)
        let parts = stride(from: 0, to: images.size(0), by: 32).map { start in
            withoutGrad {
                folded.features(
                    images.narrow(0, start..<min(start + 32, images.size(0))),
                    keepsPreactivations: false
                ).logits
            }
        }
        return Tensor.concatenate(try parts.map { try #require($0) })
    }

    /// Prints and checks how far logits are from those of this package.
    private func compare(_ what: String, _ found: Tensor, _ expected: Tensor) {
        let difference = (found - expected).abs().max().item()
        let same = found.argmax(1).isEqual(to: expected.argmax(1)).to(.float32).sum().item()
        let largest = expected.abs().max().item()
        print(
            "export \(what): largest difference \(difference), largest logit \(largest), "
                + "same class \(Int(same)) of \(expected.size(0))")
        #expect(difference < 1e-4, "\(what)")
        #expect(Int(same) == expected.size(0), "\(what)")
    }

    @Test(
        "give in onnxruntime the logits that they give here, with batch norms and folded",
        arguments: TestNetworks.chosen)
    func onnx(_ architecture: Architecture) throws {
        guard PythonEnvironment.isThere(for: "onnxruntime, \(architecture)") else { return }
        let sample = try TestImages.sample(for: architecture)
        let network = TestNetworks.make(
            architecture, seeing: sample.images.narrow(0, 0..<min(32, sample.images.size(0))))
        let expected = try expected(network, sample.images)
        try withFolder { folder in
            try sample.images.write(to: "\(folder)/images")
            for folds in [false, true] {
                let graph = try network.onnxGraph(
                    named: architecture.name,
                    GraphSettings(imageSize: architecture.imageSize, folds: folds))
                let norms = graph.nodes.count { $0.operation == "BatchNormalization" }
                let all = network.stateDict().count { $0.name.hasSuffix("running_mean") }
                #expect(folds ? norms < all : norms == all)
                try graph.encoded(producer: ("test", "1")).write(
                    to: URL(filePath: "\(folder)/model.onnx"))
                let text = try PythonEnvironment.run(
                    "run_onnx.py",
                    [
                        "\(folder)/model.onnx", "\(folder)/images", "\(architecture.imageSize)",
                        "\(folder)/logits",
                    ])
                let size = architecture.imageSize
                #expect(
                    text.contains(
                        "\"inputs\": [[\"images\", \"tensor(float)\", [\"N\", 3, \(size), \(size)]]]"
                    ))
                #expect(
                    text.contains(
                        "\"outputs\": [[\"logits\", \"tensor(float)\", [\"N\", \(architecture.classCount)]]]"
                    ))
                compare(
                    "\(architecture) onnx\(folds ? " folded" : "") (\(sample.source))",
                    try .read("\(folder)/logits", columns: architecture.classCount), expected)
            }
        }
    }

    @Test("normalise images by themselves where they are told to")
    func normalization() throws {
        guard PythonEnvironment.isThere(for: "onnxruntime, normalisation") else { return }
        let (mean, deviation) = ([0.5, 0.4, 0.3], [0.2, 0.25, 0.3])
        let raw = Tensor.hashed(3, shape: [5, 3, 32, 32], scale: 0.5, dtype: .float32) + 0.5
        let normal =
            (raw - Tensor(mean.map(Float.init), shape: [1, 3, 1, 1]))
            / Tensor(deviation.map(Float.init), shape: [1, 3, 1, 1])
        let network = TestNetworks.make(.resnet8, seeing: normal)
        let graph = try network.onnxGraph(
            named: "resnet8",
            GraphSettings(imageSize: 32, folds: true, normalization: (mean, deviation)))
        try withFolder { folder in
            try raw.write(to: "\(folder)/images")
            try graph.encoded(producer: ("test", "1")).write(
                to: URL(filePath: "\(folder)/model.onnx"))
            _ = try PythonEnvironment.run(
                "run_onnx.py",
                ["\(folder)/model.onnx", "\(folder)/images", "32", "\(folder)/logits"])
            compare(
                "resnet8 onnx with its normalisation",
                try .read("\(folder)/logits", columns: 100), try expected(network, normal))
        }
    }
}
