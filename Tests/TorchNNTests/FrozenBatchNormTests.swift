import Testing
import Torch
import TorchTestSupport

@testable import TorchNN

@Suite struct FrozenBatchNormTests {
    private func filled(_ channels: Int) -> FrozenBatchNorm2d {
        let norm = FrozenBatchNorm2d(channels)
        norm.stateDict().fillWithHash(base: 40)
        norm.convert(dtype: .float64)
        return norm
    }

    @Test("A frozen batch norm has four buffers under PyTorch's keys and nothing that learns")
    func holdsBuffersAlone() {
        let norm = FrozenBatchNorm2d(3)
        #expect(
            norm.stateDict().map(\.name) == ["weight", "bias", "running_mean", "running_var"])
        #expect(norm.parameters().isEmpty)
    }

    @Test("A new frozen batch norm leaves its input as it is")
    func beginsAsIdentity() {
        let norm = FrozenBatchNorm2d(2)
        let input = Tensor.hashed(1, shape: [1, 2, 3, 3], dtype: .float32)
        expectClose(norm(input), input, relative: 1e-6)
    }

    @Test("A frozen batch norm is γ (x − μ) / √(σ² + ε) + β, then addition and ReLU")
    func followsTheFormula() {
        let norm = filled(2)
        let input = Tensor.hashed(2, shape: [2, 2, 1, 3], scale: 3)
        let addend = Tensor.hashed(3, shape: [2, 2, 1, 3])
        let values = input.elements(as: Double.self)
        let others = addend.elements(as: Double.self)
        let parts = norm.stateDict().map { $0.tensor.elements(as: Double.self) }
        let expected = values.indices.map { index -> Double in
            let channel = index / 3 % 2
            let deviation = (parts[3][channel] + 1e-5).squareRoot()
            let normal =
                parts[0][channel] * (values[index] - parts[2][channel]) / deviation
                + parts[1][channel]
            return max(0, normal + others[index])
        }
        expectClose(norm(input, adding: addend, relu: true), expected)
    }

    @Test("A convolution with a scale and a shift is the convolution and the frozen norm behind it")
    func isPartOfTheConvolution() throws {
        let norm = filled(4)
        let convolution = Conv2d(
            3, 4, kernelSize: 3, stride: 2, padding: 1, bias: false,
            generator: Generator(seed: 1))
        convolution.stateDict().fillWithHash(base: 60)
        convolution.convert(dtype: .float64)
        let addend = Tensor.hashed(5, shape: [2, 4, 3, 4])
        func run(_ forward: (Tensor) -> Tensor) throws -> [Tensor] {
            let input = Tensor.hashed(4, shape: [2, 3, 5, 7])
            input.requiresGrad = true
            let output = forward(input)
            (output * Tensor.hashed(6, shape: output.shape)).sum().backward()
            let gradients = [try #require(input.grad), try #require(convolution.weight.grad)]
            convolution.weight.clearGrad()
            return [output.detach()] + gradients
        }
        let (scale, shift) = norm.affine
        let joined = try run {
            convolution($0, scale: scale, shift: shift, adding: addend, relu: true)
        }
        let separate = try run { norm(convolution($0), adding: addend, relu: true) }
        for (found, expected) in zip(joined, separate) {
            expectClose(found, expected, relative: 1e-9, absolute: 1e-12)
        }
    }
}
