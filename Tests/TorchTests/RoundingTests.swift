import Testing
import Torch
import TorchTestSupport

/// How often our own kernels round.
///
/// Each of them sums in float32 and rounds what it returns to bfloat16 once, so that its error against
/// float64 on the same numbers is that of rounding the exact result, on every processor. A second
/// rounding that is independent of the first makes the error √2 times as large. (A whole network does
/// not show that: where our kernels join layers they round less often than PyTorch's autocast, and one
/// rounding more makes them equal to it.)
@Suite("Our own kernels round once") struct RoundingTests {
    private static let limit = 1.1

    /// A kernel's error as a multiple of what rounding the exact result once makes.
    private func excess(_ found: Tensor, _ exact: Tensor) -> Double {
        relativeError(found, exact) / relativeError(exact.to(.bfloat16), exact)
    }

    private func expectOneRounding(_ found: Tensor, _ exact: Tensor, _ what: String) {
        let excess = excess(found, exact)
        print("rounding: \(what): \(excess) times that of one rounding")
        #expect(excess <= Self.limit, "\(what)")
    }

    /// Runs both backward passes from gradients that bfloat16 holds exactly, and compares what they leave:
    /// a rounding in bfloat16 leaves, none in float32 ones.
    private func expectGradients(
        _ output: Tensor, _ exact: Tensor, _ leaves: KeyValuePairs<String, Twin>, of name: String
    ) throws {
        let probe = Tensor.hashed(99, shape: output.shape, dtype: .float32).to(.bfloat16)
            .to(.float64)
        (output.to(.float64) * probe).sum().backward()
        (exact * probe).sum().backward()
        for (leaf, twin) in leaves {
            let found = try #require(twin.low.grad)
            let expected = try #require(twin.exact.grad)
            if found.dtype == .bfloat16 {
                expectOneRounding(found, expected, "\(name), gradient of \(leaf)")
            } else {
                let error = relativeError(found, expected)
                print("rounding: \(name), gradient of \(leaf): \(error), none")
                #expect(error < 1e-4, "\(name), gradient of \(leaf)")
            }
        }
    }

    @Test("in batch norm with addition and ReLU", arguments: [32, 58])
    func batchNorm(channels: Int) throws {
        let shape = [16, channels, 8, 8]
        let input = Twin(1, shape, offset: 0.3)
        let weight = Twin(2, [channels], parameter: true, offset: 1)
        let bias = Twin(3, [channels], parameter: true)
        let addend = Twin(4, shape)
        let statistics = (Tensor.zeros([channels]), Tensor.ones([channels]))
        let output = try #require(
            fusedBatchNorm(
                input.low,
                BatchNormState(
                    weight: weight.low, bias: bias.low, runningMean: statistics.0,
                    runningVar: statistics.1, momentum: 0.1, epsilon: 1e-5),
                adding: addend.low, relu: true))
        let normal = normalized(input.exact, weight.exact, bias.exact)
        let exact = (normal + addend.exact).relu()
        expectOneRounding(output, exact, "batch norm \(channels)")
        try expectGradients(
            output, exact, ["input": input, "weight": weight, "bias": bias],
            of: "batch norm \(channels)")

        // Rounded before the addition as well, as three operators of LibTorch's are.
        let twice = (normal.to(.bfloat16).to(.float64) + addend.exact).relu().to(.bfloat16)
        #expect(excess(twice, exact) > Self.limit)
    }

    private func normalized(_ input: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
        input.batchNorm(
            weight: weight, bias: bias, runningMean: nil, runningVar: nil, training: true,
            momentum: 0.1, epsilon: 1e-5)
    }

    @Test("in 3×3 convolutions")
    func convolution() throws {
        let variants = Processor.current.variants.filter { $0.convolution != .onednn }
        if variants.isEmpty {
            print("not run: our own 3×3 convolution, which this processor does without")
        }
        for processor in variants { try convolution(on: processor) }
    }

    private func convolution(on processor: Processor) throws {
        let input = Twin(11, [8, 32, 16, 16])
        let weight = Twin(12, [48, 32, 3, 3], parameter: true)
        let bias = Twin(13, [48], parameter: true)
        let addend = Twin(14, [8, 48, 16, 16])
        let exact = input.exact.conv2d(weight: weight.exact, padding: 1)
        let whole = (exact + bias.exact.reshape([1, -1, 1, 1]) + addend.exact).relu()

        let halves = [0..<16, 16..<32].map { channels in
            input.exact.narrow(1, channels)
                .conv2d(weight: weight.exact.narrow(1, channels), padding: 1)
        }
        let summedLow = halves.map { $0.to(.bfloat16).to(.float64) }
        #expect(excess((summedLow[0] + summedLow[1]).to(.bfloat16), exact) > Self.limit)
        let early = exact.to(.bfloat16).to(.float64) + bias.exact.reshape([1, -1, 1, 1])
        #expect(excess((early + addend.exact).relu().to(.bfloat16), whole) > Self.limit)

        let name = "convolution by \(processor.convolution)"
        let output = try #require(
            fusedConvolution(input.low, weight: weight.low, stride: 1, padding: 1, on: processor))
        let kernel = try #require(
            PackedConvolution(
                weight: weight.low, stride: 1, padding: 1, kernels: processor.convolution))
        expectOneRounding(output, exact, name)
        let joined = kernel(input.low, bias: bias.low, addend: addend.low, relu: true)
        expectOneRounding(joined, whole, "\(name), bias, addition and ReLU")
        try expectGradients(output, exact, ["input": input, "weight": weight], of: name)
    }

    @Test("in strided convolutions", arguments: [1, 3])
    func stridedConvolution(kernel: Int) throws {
        let variants = Processor.current.variants.filter { $0.convolution != .onednn }
        if variants.isEmpty {
            print("not run: our own strided convolutions, which this processor does without")
        }
        for processor in variants {
            let input = Twin(15, [8, 64, 16, 16])
            let weight = Twin(16, [48, 64, kernel, kernel], parameter: true)
            let exact = input.exact.conv2d(weight: weight.exact, stride: 2, padding: kernel / 2)
            let output = try #require(
                fusedConvolution(
                    input.low, weight: weight.low, stride: 2, padding: kernel / 2, on: processor))
            let name = "\(kernel)×\(kernel) convolution by \(processor.convolution), stride 2"
            expectOneRounding(output, exact, name)
            try expectGradients(output, exact, ["input": input, "weight": weight], of: name)
        }
    }

    @Test("in depthwise convolutions", arguments: [1, 2])
    func depthwise(stride: Int) throws {
        let input = Twin(21, [8, 48, 16, 16])
        let weight = Twin(22, [48, 1, 3, 3], parameter: true)
        let output = try #require(
            fusedDepthwiseConvolution3x3(input.low, weight: weight.low, stride: stride))
        let exact = input.exact.conv2d(
            weight: weight.exact, stride: stride, padding: 1, groups: 48)
        expectOneRounding(output, exact, "depthwise, stride \(stride)")
        try expectGradients(
            output, exact, ["input": input, "weight": weight], of: "depthwise, stride \(stride)")
    }

    @Test("in the fusion of ABF")
    func attentionFusion() throws {
        let feature = Twin(31, [8, 64, 8, 8])
        let deeper = Twin(32, [8, 64, 4, 4])
        let weight = Twin(33, [2, 128, 1, 1], parameter: true)
        let bias = Twin(34, [2], parameter: true)
        let output = try #require(
            fusedAttentionFusion(feature.low, deeper.low, weight: weight.low, bias: bias.low))
        let enlarged = deeper.exact.resizedNearest(height: 8, width: 8)
        let maps = Tensor.concatenate([feature.exact, enlarged], dimension: 1)
            .conv2d(weight: weight.exact, bias: bias.exact).sigmoid()
        let parts = (feature.exact * maps.narrow(1, 0..<1), enlarged * maps.narrow(1, 1..<2))
        let exact = parts.0 + parts.1
        expectOneRounding(output, exact, "ABF")
        try expectGradients(
            output, exact,
            ["feature": feature, "deeper": deeper, "weight": weight, "bias": bias], of: "ABF")

        let twice = parts.0.to(.bfloat16).to(.float64) + parts.1.to(.bfloat16).to(.float64)
        #expect(excess(twice.to(.bfloat16), exact) > Self.limit)
    }

    @Test("in the hierarchical loss")
    func hierarchicalLoss() throws {
        let student = Twin(41, [8, 32, 8, 8], offset: 0.2)
        let teacher = Twin(42, [8, 32, 8, 8])
        let loss = try #require(
            fusedHierarchicalLoss(student.low, teacher.low, bins: 1, weights: [0.6, 0.4]))
        let difference = student.exact - teacher.exact
        let pooled = difference.adaptiveAveragePool(1)
        let exact = (difference * difference).mean() * 0.6 + (pooled * pooled).mean() * 0.4
        loss.backward()
        exact.backward()
        expectOneRounding(
            try #require(student.low.grad), try #require(student.exact.grad), "HCL")
    }
}
