import Basics
import Foundation
import ModelExport
import ONNXFiles
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@Suite("Graphs of networks")
struct GraphTests {
    private func run(_ graph: ONNXGraph, _ images: Tensor) throws -> Tensor {
        let contents = try graph.encoded(producer: ("test", "1"))
        return try GraphRun(try ONNXGraph(contents: contents))(images)
    }

    @Test(
        "read back from a file and carried out, give the logits of the network",
        arguments: TestNetworks.chosen)
    func readBack(_ architecture: Architecture) throws {
        let images = try TestImages.made(for: architecture)
        let network = TestNetworks.make(architecture, seeing: images)
        let expected = withoutGrad { network(images) }
        for folds in [false, true] {
            let graph = try network.onnxGraph(
                named: architecture.name,
                GraphSettings(imageSize: architecture.imageSize, folds: folds))
            for count in [1, images.size(0)] {
                let found = try run(graph, images.narrow(0, 0..<count))
                let difference = (found - expected.narrow(0, 0..<count)).abs().max().item()
                #expect(difference < 1e-4, "\(architecture), folded: \(folds)")
            }
        }
    }

    @Test("hold the network's tensors under their names, and nothing else but shapes")
    func constants() throws {
        let network = TestNetworks.make(.shuffleV2, seeing: try TestImages.made(for: .shuffleV2))
        let graph = try network.onnxGraph(named: "ShuffleV2", GraphSettings(imageSize: 32))
        let state = Dictionary(
            uniqueKeysWithValues: network.stateDict().filter { $0.tensor.dtype == .float32 }
                .map { ($0.name, $0.tensor) })
        let weights = graph.constants.filter { $0.elementType == .float32 }
        #expect(Set(weights.map(\.name)) == Set(state.keys))
        for weight in weights {
            #expect(
                weight.bytes == Data(try #require(state[weight.name]).bytes()), "\(weight.name)")
        }
        let others = graph.constants.filter { $0.elementType != .float32 }
        #expect(others.allSatisfy { $0.elementType == .int64 && $0.shape.count == 1 })
    }

    @Test("name every value once, and use only what stands before")
    func order() throws {
        let network = Architecture.shuffleV1.make(classCount: 10, generator: Generator(seed: 1))
        let graph = try network.onnxGraph(named: "ShuffleV1", GraphSettings(imageSize: 32))
        var known = Set(graph.constants.map(\.name) + graph.inputs.map(\.name))
        #expect(known.count == graph.constants.count + graph.inputs.count)
        for node in graph.nodes {
            #expect(node.inputs.allSatisfy { known.contains($0) || $0.isEmpty })
            for output in node.outputs { #expect(known.insert(output).inserted, "\(output)") }
        }
        #expect(known.contains("logits"))
        #expect(graph.outputs.map(\.name) == ["logits"])
    }

    @Test("use running statistics also of a network in training mode, and leave it in it")
    func mode() throws {
        let images = try TestImages.made(for: .resnet8)
        let network = TestNetworks.make(.resnet8, seeing: images)
        let expected = withoutGrad { network(images) }
        network.train()
        let before = network.stateDict().map { $0.tensor.bytes() }
        let graph = try network.onnxGraph(named: "resnet8", GraphSettings(imageSize: 32))
        #expect(network.stateDict().map { $0.tensor.bytes() } == before)
        #expect((try run(graph, images) - expected).abs().max().item() < 1e-4)
    }

    @Test("have what networks of other packages call: ends of activations, windows, parts")
    func otherOperators() throws {
        let images = Tensor.hashed(9, shape: [3, 3, 12, 12], scale: 4, dtype: .float32)
        let bodies: [(ProbeNetwork, Tensor, any LayerExecution) -> Tensor] = [
            { $2.convolve($1, $0.conv, $0.bn, relu: true).clamped(atMost: 0.5) },
            { $2.convolve($1, $0.conv, $0.bn).clamped(atLeast: -0.25) },
            { $2.convolve($1, $0.conv, $0.bn).clamped(to: -0.5...0.5) },
            { $2.convolve($1, $0.conv, $0.bn).averagePool(3, stride: 2, padding: 1) },
            { $2.convolve($1, $0.conv, $0.bn).maxPool(3, stride: 2, padding: 1) },
            { network, images, execution in
                let map = execution.convolve(images, network.conv, network.bn)
                let halves = [map.narrow(1, 2..<4), map.narrow(1, 0..<2)]
                return Tensor.concatenate(halves, dimension: 1).detach().contiguous()
            },
            { network, images, execution in
                // A constant that no weight is.
                execution.convolve(images, network.conv, network.bn)
                    + Tensor.full([1, 4, 1, 1], 0.5)
            },
            { $2.shuffle($2.convolve($1, $0.conv, $0.bn), groups: 2) },
        ]
        for (index, body) in bodies.enumerated() {
            let network = ProbeNetwork(body)
            network.eval()
            let graph = try network.onnxGraph(named: "probe", GraphSettings(imageSize: 12))
            let expected = withoutGrad { network(images) }
            #expect((try run(graph, images) - expected).abs().max().item() < 1e-5, "\(index)")
        }
    }

    @Test("are refused with the operator that has no counterpart")
    func refusals() {
        func error(
            folds: Bool = false,
            _ body: @escaping (ProbeNetwork, Tensor, any LayerExecution) -> Tensor
        ) -> ExportError? {
            do throws(ExportError) {
                _ = try ProbeNetwork(body).onnxGraph(
                    named: "probe", GraphSettings(imageSize: 12, folds: folds))
                return nil
            } catch {
                return error
            }
        }
        #expect(
            error { $2.convolve($1, $0.conv).exp() }
                == .unknownOperator("aten::exp", network: "probe"))
        #expect(
            error { $2.convolve($1, $0.conv).mean([3], keepDimensions: true) }
                == .unknownUse(
                    of: "aten::mean.dim", network: "probe",
                    reason: "other dimensions than those of a map"))
        #expect(
            error {
                $2.convolve($1, $0.conv) + Tensor([1, 2, 3, 4] as [Float], shape: [1, 4, 1, 1])
            }
                == .unseenTensor(of: "aten::add.Tensor", network: "probe"))
        #expect(
            error { network, images, execution in
                let map = execution.convolve(images, network.conv)
                return map.size(0) == 2 ? map : map.relu()
            } == .dependsOnCount(of: "its layers", network: "probe"))
        #expect(
            error { network, images, execution in
                let map = execution.convolve(images, network.conv)
                return map.clamped(atMost: Double(map.size(0)) + 0.5)
            } == .dependsOnCount(of: "aten::clamp_max", network: "probe"))
        #expect(
            error(folds: true) { $2.convolve($1, $0.conv) } == .nothingToFold(network: "probe"))
        #expect(error { $2.convolve($1, $0.conv) } == nil)
        let text = error { $2.convolve($1, $0.conv).exp() }?.description
        #expect(
            text
                == "probe calls aten::exp, expected an operator that can be written as ONNX; use another "
                + "operator, or add it to ModelExport")
    }
}
