import Basics
import BasicsTestSupport
import Foundation
import ONNXFiles
import Testing
import Torch
import TorchNN
import VisionModels

@testable import ModelExport

@Suite("Quantised graphs", .serialized)
struct QuantizationTests {
    @Test("spread a range over 0...255 so that 0 is exact")
    func values() {
        let value = QuantizedValue(-1...2)
        #expect(value.scale == Float(3.0 / 255))
        #expect(value.zeroPoint == 85)
        // A range without 0 is widened, and one of nothing has a scale all the same.
        #expect(QuantizedValue(2...5.1) == QuantizedValue(0...5.1))
        #expect(QuantizedValue(-3 ... -1).zeroPoint == 255)
        #expect(QuantizedValue(0...0) == QuantizedValue(0...255))
    }

    @Test("round weights by the largest of each channel")
    func weights() {
        let weights = QuantizedWeights(
            [1.27, -0.635, 0.01, -2.54, 0.03, 0, 0, 0, 0], channels: 3, bias: nil, inputScale: 1)
        #expect(zip(weights.scales, [0.01, 0.02, 1]).allSatisfy { abs($0 - $1) < 1e-7 })
        // 63.5 and 1.5 may fall either way, as 0.01 is no number of binary digits.
        #expect(weights.values[0] == 127)
        #expect([-64, -63].contains(weights.values[1]))
        #expect(weights.values[2...3] == [1, -127])
        #expect(weights.values[5...] == [0, 0, 0, 0])
    }

    @Test("widen a channel's scale where its bias would not fit into 32 bits")
    func biases() {
        let bias: [Float] = [1000, 1]
        let weights = QuantizedWeights(
            [1e-9, 1], channels: 2, bias: bias, inputScale: 0.001)
        let steps = weights.bias(bias, inputScale: 0.001)
        for (index, step) in steps.enumerated() {
            let value = Float(step) * weights.scales[index] * 0.001
            #expect(abs(value - bias[index]) < 1e-3 * bias[index])
        }
        #expect(steps.allSatisfy { abs(Int($0)) < (1 << 30) + (1 << 10) })
    }

    private func graphs(
        _ architecture: Architecture, _ images: Tensor
    ) throws -> (float: ONNXGraph, quantized: ONNXGraph) {
        let network = TestNetworks.make(architecture, seeing: images)
        let float = try network.onnxGraph(
            named: architecture.name,
            GraphSettings(imageSize: architecture.imageSize, folds: true))
        var ranges = ValueRanges()
        let run = try GraphRun(float)
        for start in [0, images.size(0) / 2] {
            try ranges.add(images.narrow(0, start..<start + images.size(0) / 2), by: run)
        }
        #expect(ranges.imageCount == images.size(0))
        return (float, try float.quantized(ranges))
    }

    @Test(
        "have 8-bit weights with a scale for each output channel",
        arguments: [Architecture.resnet8, .wideResNet16x1, .shuffleV1, .shuffleV2, .mobileNetV2])
    func structure(_ architecture: Architecture) throws {
        let (_, graph) = try graphs(architecture, try TestImages.made(for: architecture))
        let makers = Dictionary(
            uniqueKeysWithValues: graph.nodes.flatMap { node in node.outputs.map { ($0, node) } })
        let constants = Dictionary(
            uniqueKeysWithValues: graph.constants.map { ($0.name, $0) })
        for node in graph.nodes where ["Conv", "Gemm"].contains(node.operation) {
            let sources = try node.inputs.map { try #require(makers[$0]) }
            #expect(sources.allSatisfy { $0.operation == "DequantizeLinear" }, "\(node.name)")
            let weight = try #require(constants[sources[1].inputs[0]])
            #expect(weight.elementType == .int8)
            #expect(constants[sources[1].inputs[1]]?.shape == [weight.shape[0]])
            #expect(sources[1].attributes["axis"] == .int(0))
            // A convolution without a norm behind it, as Wide ResNets have, has no bias.
            for bias in sources.dropFirst(2) {
                #expect(constants[bias.inputs[0]]?.elementType == .int32)
            }
            #expect(makers[sources[0].inputs[0]]?.operation == "QuantizeLinear")
        }
        let used = Set(graph.nodes.flatMap(\.inputs))
        #expect(graph.constants.allSatisfy { used.contains($0.name) })
    }

    @Test(
        "give in onnxruntime what they give here, near the logits of the float graph",
        arguments: [Architecture.resnet8, .wideResNet16x1, .shuffleV1, .shuffleV2, .mobileNetV2])
    func onnxruntime(_ architecture: Architecture) throws {
        let images = try TestImages.made(for: architecture)
        let (float, quantized) = try graphs(architecture, images)
        let expected = try GraphRun(float)(images)
        let own = try GraphRun(quantized)(images)
        let size = expected.abs().max().item()
        let loss = (own - expected).abs().max().item() / size
        print("export \(architecture) int8: \(loss) of the largest logit")
        // The narrow layers of the mobile networks keep little of random weights.
        #expect(loss > 0 && (loss < 0.05 || architecture.name.first != "r"))
        guard PythonEnvironment.isThere(for: "onnxruntime, int8 of \(architecture)") else { return }
        try withFolder { folder in
            try images.write(to: "\(folder)/images")
            try quantized.encoded(producer: ("test", "1")).write(
                to: URL(filePath: "\(folder)/model.onnx"))
            _ = try PythonEnvironment.run(
                "run_onnx.py",
                ["\(folder)/model.onnx", "\(folder)/images", "32", "\(folder)/logits"])
            let found = try Tensor.read("\(folder)/logits", columns: 100)
            let difference = (found - own).abs().max().item() / size
            print("export \(architecture) int8: onnxruntime differs by \(difference)")
            // A value between two steps may fall either way, which costs less than the steps themselves.
            #expect(difference < loss / 2)
        }
    }

    @Test("are refused for ranges of another graph, and for values that are not finite")
    func refusals() throws {
        let images = try TestImages.made(for: .resnet8)
        let (float, _) = try graphs(.resnet8, images)
        #expect(throws: ExportError.noRange(value: "images")) {
            try float.quantized(ValueRanges())
        }
        var ranges = ValueRanges()
        #expect(throws: ExportError.noRange(value: "images")) {
            try ranges.add(images / 0, by: try GraphRun(float))
        }
        #expect(ranges == ValueRanges())
    }
}
