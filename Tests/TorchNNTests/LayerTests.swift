import Testing
import Torch
import TorchNN
import TorchTestSupport

@Suite struct LayerTests {
    private func range(_ tensor: Tensor?) -> (low: Double, high: Double) {
        let values = tensor?.to(.float64).detach().elements(as: Double.self) ?? []
        return (values.min() ?? .nan, values.max() ?? .nan)
    }

    /// That draws fill ±bound: within it, and beyond 95 % of it on both sides.
    private func fills(_ tensor: Tensor?, bound: Double) -> Bool {
        let (low, high) = range(tensor)
        return low >= -bound && high <= bound && low < -0.95 * bound && high > 0.95 * bound
    }

    private func deviation(_ tensor: Tensor) -> Double {
        (tensor.sumOfSquares().item() / Double(tensor.count)).squareRoot()
    }

    @Test("A convolution starts from ±1/√(fan in), weight and bias")
    func convolutionInit() {
        let layer = Conv2d(8, 256, kernelSize: 3, groups: 2, generator: Generator(seed: 1))
        #expect(layer.weight.shape == [256, 4, 3, 3])
        #expect(fills(layer.weight, bound: 1 / 6))
        #expect(fills(layer.bias, bound: 1 / 6))
        let bare = Conv2d(8, 4, kernelSize: 1, bias: false, generator: Generator(seed: 1))
        #expect(bare.bias == nil)
    }

    /// LibTorch's operator takes no bfloat16 input with float32 weights, so that only a kernel of our own
    /// can give a result here.
    @Test("A depthwise 3×3 convolution is done by our own kernel in bfloat16", arguments: [1, 2])
    func ownDepthwise(stride: Int) throws {
        let layer = Conv2d(
            24, 24, kernelSize: 3, stride: stride, padding: 1, groups: 24, bias: false,
            generator: Generator(seed: 1))
        let input = Tensor.hashed(1, shape: [2, 24, 6, 6], dtype: .bfloat16)
            .contiguous(.channelsLast)
        let own = try #require(
            fusedDepthwiseConvolution3x3(input, weight: layer.weight, stride: stride))
        #expect(layer(input).detach().bytes() == own.detach().bytes())
    }

    @Test("A fully connected layer starts from ±1/√(fan in), weight and bias")
    func linearInit() {
        let layer = Linear(64, 300, generator: Generator(seed: 1))
        #expect(layer.weight.shape == [300, 64])
        #expect(fills(layer.weight, bound: 1 / 8))
        #expect(fills(layer.bias, bound: 1 / 8))
    }

    @Test("A batch norm starts as the identity of normalised maps")
    func batchNormInit() {
        let layer = BatchNorm2d(3)
        #expect(layer.weight.elements(as: Float.self) == [1, 1, 1])
        #expect(layer.bias.elements(as: Float.self) == [0, 0, 0])
        #expect(layer.runningMean.elements(as: Float.self) == [0, 0, 0])
        #expect(layer.runningVar.elements(as: Float.self) == [1, 1, 1])
        #expect(layer.numBatchesTracked.item() == 0)
    }

    @Test("Kaiming's draws have the deviation that the paper asks for")
    func kaiming() {
        let weight = Tensor.empty([64, 32, 3, 3])
        let generator = Generator(seed: 2)
        weight.fillKaimingNormal(fan: .output, generator: generator)
        #expect(abs(deviation(weight) / (2.0 / (64 * 9)).squareRoot() - 1) < 0.02)
        weight.fillKaimingNormal(fan: .input, generator: generator)
        #expect(abs(deviation(weight) / (2.0 / (32 * 9)).squareRoot() - 1) < 0.02)
        weight.fillKaimingUniform(slope: 1, generator: generator)
        #expect(fills(weight, bound: (3.0 / (32 * 9)).squareRoot()))
    }

    @Test("A batch norm in training moves its statistics by the momentum, unbiased, once")
    func batchNormStatistics() {
        let layer = BatchNorm2d(1)
        let input = Tensor([1, 2, 3, 6] as [Float], shape: [2, 1, 1, 2])
        let output = layer(input)
        // Mean 3, variance 14 / 4 of the batch and 14 / 3 unbiased.
        expectClose(layer.runningMean, [0.3], relative: 1e-6)
        expectClose(layer.runningVar, [0.9 + 0.1 * 14 / 3], relative: 1e-6)
        #expect(layer.numBatchesTracked.item() == 1)
        let scale = 1 / (3.5 + 1e-5).squareRoot()
        expectClose(output, [-2, -1, 0, 3].map { $0 * scale }, relative: 1e-5, absolute: 1e-6)
    }

    @Test("A batch norm in evaluation uses its statistics and leaves them")
    func batchNormEvaluation() {
        let layer = BatchNorm2d(1)
        layer.eval()
        let output = layer(Tensor([1, 2] as [Float], shape: [2, 1, 1, 1]))
        let scale = 1 / (1 + 1e-5).squareRoot()
        expectClose(output, [scale, 2 * scale], relative: 1e-6)
        #expect(layer.runningMean.item() == 0)
        #expect(layer.numBatchesTracked.item() == 0)
    }

    @Test("A batch norm of one value per channel gives the shift and keeps its statistics")
    func batchNormOfOneValue() {
        let layer = BatchNorm2d(2)
        withoutGrad { _ = layer.bias.copy(from: Tensor([0.5, -1] as [Float])) }
        let input = Tensor([3, 7] as [Float], shape: [1, 2, 1, 1])
        // LibTorch writes it as x · scale + (β − x · scale), which rounds.
        expectClose(layer(input), [0.5, -1], relative: 1e-3)
        #expect(layer.runningMean.elements(as: Float.self) == [0, 0])
        #expect(layer.runningVar.elements(as: Float.self) == [1, 1])
        #expect(layer.numBatchesTracked.item() == 0)
        layer.eval()
        #expect(layer(input).elements(as: Float.self).allSatisfy { $0 > 1 })
    }

    @Test("A convolution and a fully connected layer compute their sums")
    func sums() {
        let generator = Generator(seed: 0)
        let convolution = Conv2d(1, 1, kernelSize: 2, stride: 2, padding: 1, generator: generator)
        let linear = Linear(2, 1, generator: generator)
        withoutGrad {
            convolution.weight.copy(from: Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2]))
            convolution.bias?.copy(from: Tensor([10] as [Float]))
            linear.weight.copy(from: Tensor([2, 3] as [Float], shape: [1, 2]))
            linear.bias?.copy(from: Tensor([1] as [Float]))
        }
        let image = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2])
        // The four windows each see one pixel, with the weight at the opposite corner.
        expectClose(convolution(image), [10 + 4, 10 + 6, 10 + 6, 10 + 4], relative: 1e-6)
        expectClose(linear(Tensor([5, 7] as [Float], shape: [1, 2])), [32], relative: 1e-6)
    }
}
