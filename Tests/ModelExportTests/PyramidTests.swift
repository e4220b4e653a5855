import BasicsTestSupport
import Detectors
import Foundation
import ModelExport
import ONNXFiles
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@Suite("Graphs of detectors")
struct PyramidTests {
    private static let architectures = ["faster_rcnn_R18", "retinanet_R18", "faster_rcnn_MV2"]

    /// A detector whose norms have statistics of their own, and its levels for some images.
    private func made(
        _ name: String
    ) throws -> (detector: any Detector, levels: (Tensor) -> [Tensor]) {
        let architecture = try DetectorArchitecture(named: name)
        let detector = architecture.make(
            settings: DetectorSettings(), generator: Generator(seed: 3))
        withoutGrad {
            for (index, entry) in detector.stateDict().enumerated() {
                let range =
                    entry.name.hasSuffix("running_var")
                    ? 0.5 : entry.name.hasSuffix("running_mean") ? -0.1 : 0
                guard range != 0 else { continue }
                let values = (0..<entry.tensor.count).map { place in
                    Float(range * (1 + Double((place + index) % 7) / 7))
                }
                _ = entry.tensor.copy(from: Tensor(values, shape: entry.tensor.shape))
            }
        }
        detector.eval()
        return (
            detector,
            { images in withoutGrad { detector.features(images, keepsPreactivations: false).stages }
            }
        )
    }

    private func graph(_ detector: any Detector, _ name: String, folds: Bool) throws -> ONNXGraph {
        try detector.onnxPyramid(
            named: name, folds: folds, divisor: FeaturePyramidNetwork.divisor
        ) { detector.maps(of: $0, by: $1).levels }
    }

    @Test(
        "read back from a file and carried out, give the levels of pictures of any size",
        arguments: architectures)
    func readBack(_ name: String) throws {
        let (detector, levels) = try made(name)
        let contents = try graph(detector, name, folds: false).encoded(producer: ("test", "1"))
        let run = try GraphRun(try ONNXGraph(contents: contents))
        for size in [[1, 3, 64, 96], [2, 3, 160, 32]] {
            let images = Tensor.hashed(5, shape: size, scale: 1, dtype: .float32)
            for (found, expected) in zip(try run.all(images), levels(images)) {
                #expect(found.shape == expected.shape)
                let scale = expected.abs().max().item()
                #expect((found - expected).abs().max().item() < 1e-5 * max(scale, 1))
            }
        }
    }

    @Test(
        "give in onnxruntime the levels that they give here, with batch norms and folded",
        arguments: architectures)
    func onnxruntime(_ name: String) throws {
        guard PythonEnvironment.isThere(for: "onnxruntime, \(name)") else { return }
        let (detector, levels) = try made(name)
        let images = Tensor.hashed(5, shape: [2, 3, 64, 96], scale: 1, dtype: .float32)
        let expected = levels(images)
        try withFolder { folder in
            try images.write(to: "\(folder)/images")
            for folds in [false, true] {
                let graph = try graph(detector, name, folds: folds)
                try graph.encoded(producer: ("test", "1")).write(
                    to: URL(filePath: "\(folder)/model.onnx"))
                let text = try PythonEnvironment.run(
                    "run_pyramid.py",
                    ["\(folder)/model.onnx", "\(folder)/images", "64", "96", folder],
                    beside: #filePath)
                let names = name.hasPrefix("retinanet") ? 3...7 : 2...6
                #expect(text.split(separator: "\n").map(String.init) == names.map { "p\($0)" })
                for (level, expected) in zip(names, expected) {
                    let found = Tensor(
                        bytes: try Data(contentsOf: URL(filePath: "\(folder)/p\(level)")),
                        dtype: .float32, shape: expected.shape)
                    let scale = expected.abs().max().item()
                    let difference = (found - expected).abs().max().item()
                    print("export \(name) p\(level): \(difference), largest value \(scale)")
                    #expect(difference < 1e-4 * max(scale, 1), "p\(level), folded: \(folds)")
                }
            }
        }
    }
}
