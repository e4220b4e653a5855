import ModelExport
import Testing
import Torch
import TorchNN
import VisionModels

@Suite("Folded weights")
struct FoldingTests {
    @Test("have a bias for each convolution and no norm behind one", arguments: Architecture.all)
    func names(_ architecture: Architecture) throws {
        let network = architecture.make(classCount: 5, generator: Generator(seed: 1))
        let names = try network.foldedStateDict(
            named: architecture.name, imageSize: architecture.imageSize
        ).map(\.name)
        let own = network.stateDict()
        let convolutions = own.filter { $0.tensor.rank == 4 }.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.filter { $0.hasSuffix(".weight") }.count >= convolutions.count)
        // Of a Wide ResNet, the norms that stand before a convolution stay, and so do convolutions without one.
        let left = names.count { $0.hasSuffix("running_mean") }
        let biases = convolutions.count { names.contains($0.dropLast(6) + "bias") }
        let norms = own.count { $0.name.hasSuffix("running_mean") }
        #expect(biases > 0)
        #expect(left == norms - biases)
        #expect(architecture.name.hasPrefix("wrn") ? left > 0 : left == 0)
    }

    @Test("multiply by the scale of the norm, and add its shift")
    func closedForm() throws {
        let network = ProbeNetwork { $2.convolve($1, $0.conv, $0.bn, relu: true) }
        withoutGrad {
            _ = network.conv.weight.copy(from: .full([4, 3, 3, 3], 2))
            network.bn.weight.copy(from: .full([4], 3))
            network.bn.bias.copy(from: .full([4], 0.5))
            network.bn.runningMean.copy(from: .full([4], 4))
            _ = network.bn.runningVar.copy(from: .full([4], 9 - 1e-5))
        }
        let state = try network.foldedStateDict(named: "probe", imageSize: 8)
        #expect(state.map(\.name) == ["conv.weight", "conv.bias", "fc.weight", "fc.bias"])
        // γ / √(σ² + ε) is 1: the weight stays, and the bias is β − μ.
        #expect(state[0].tensor.elements(as: Float.self).allSatisfy { abs($0 - 2) < 1e-6 })
        #expect(state[1].tensor.elements(as: Float.self).allSatisfy { abs($0 + 3.5) < 1e-6 })
    }

    @Test("are refused where there is no norm behind a convolution")
    func nothing() {
        let network = ProbeNetwork { $2.convolve($1, $0.conv, nil, relu: true) }
        #expect(throws: ExportError.nothingToFold(network: "probe")) {
            try network.foldedStateDict(named: "probe", imageSize: 8)
        }
    }
}
