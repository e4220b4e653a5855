import Testing
import Torch
import TorchTestSupport

/// Batch norm in training, in the two types that our kernel takes.
extension FusedKernelTests {
    @Test(
        "Batch norm, addition and ReLU in one agree with LibTorch's, forward and backward",
        arguments: [
            [4, 16, 7, 7], [2, 48, 31, 31], [1, 16, 31, 7], [3, 16, 1, 1], [1, 256, 7, 1],
            [64, 16, 8, 8], [2, 24, 3, 5], [4, 58, 16, 16], [70, 60, 2, 2], [3, 12, 4, 4],
            [1, 17, 8, 8], [16, 8, 1, 1],
        ], [DType.bfloat16, .float32])
    func batchNorm(shape: [Int], dtype: DType) throws {
        for (adds, relu) in [(false, false), (false, true), (true, false), (true, true)] {
            try batchNorm(shape, dtype, adds: adds, relu: relu)
        }
    }

    private func batchNorm(_ shape: [Int], _ dtype: DType, adds: Bool, relu: Bool) throws {
        let channels = shape[1]
        let input = Twin(1, shape, dtype, offset: 0.3)
        let weight = Twin(2, [channels], parameter: true, offset: 1)
        let bias = Twin(3, [channels], parameter: true)
        let addend = adds ? Twin(4, shape, dtype) : nil
        let mean = Tensor.hashed(5, shape: [channels], dtype: .float32)
        let variance = Tensor.hashed(6, shape: [channels], dtype: .float32) + 2
        let exactMean = mean.to(.float64)
        let exactVariance = variance.to(.float64)

        let output = try #require(
            fusedBatchNorm(
                input.low,
                BatchNormState(
                    weight: weight.low, bias: bias.low, runningMean: mean,
                    runningVar: variance, momentum: 0.1, epsilon: 1e-5),
                adding: addend?.low, relu: relu))
        var exact = input.exact.batchNorm(
            weight: weight.exact, bias: bias.exact, runningMean: exactMean,
            runningVar: exactVariance, training: true, momentum: 0.1, epsilon: 1e-5)
        if let addend { exact = exact + addend.exact }
        if relu { exact = exact.relu() }
        #expect(output.dtype == dtype)
        expectSame(output, exact, "output", in: dtype)
        expectClose(mean, exactMean, relative: 1e-5, absolute: 1e-6)
        expectClose(variance, exactVariance, relative: 1e-5, absolute: 1e-6)

        var leaves = ["input": input, "weight": weight, "bias": bias]
        leaves["addend"] = addend
        try expectSameGradients(output, exact, of: leaves, in: dtype)
    }

    @Test("A batch norm's sums keep their digits for many pixels, and for means far from zero")
    func batchNormSums() throws {
        // With one thread LibTorch's mean, variance and gradient are off by 2e-5, 6e-5 and 3e-3.
        let input = Twin(7, [64, 16, 64, 64], .float32, offset: 100)
        let weight = Twin(8, [16], parameter: true, offset: 1)
        let bias = Twin(9, [16], parameter: true)
        let mean = Tensor.zeros([16]), variance = Tensor.zeros([16])
        let state = BatchNormState(
            weight: weight.low, bias: bias.low, runningMean: mean, runningVar: variance,
            momentum: 1, epsilon: 1e-5)
        let output = try #require(fusedBatchNorm(input.low, state, adding: nil, relu: false))
        (output * 0.001).sum().backward()
        let pixels = input.exact.detach().permute([1, 0, 2, 3]).reshape([16, -1])
        let count = Double(pixels.size(1))
        let exactMean = pixels.mean([1])
        let deviations = pixels - exactMean.reshape([16, 1])
        let exactVariance = (deviations * deviations).mean([1]) * (count / (count - 1))
        #expect(relativeError(mean, exactMean) < 1e-7)
        #expect(relativeError(variance, exactVariance) < 1e-6)
        let gradient = Tensor.full([16], count * Double(Float(0.001)), dtype: .float64)
        #expect(relativeError(try #require(bias.low.grad), gradient) < 1e-6)
    }
}
