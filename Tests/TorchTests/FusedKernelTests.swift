import Foundation
import Testing
import Torch
import TorchTestSupport

/// The kernels of our own against LibTorch's operators in float64 on the same numbers.
///
/// What remains is the rounding of incoming gradients and of results, 2⁻⁹ each in bfloat16, which
/// cancellation in small sums makes a little larger.
@Suite("Our own kernels") struct FusedKernelTests {
    func expectSame(
        _ low: Tensor, _ exact: Tensor, _ what: Comment, in dtype: DType = .bfloat16
    ) {
        // A gradient that is zero but for rounding has nothing to be relative to.
        guard withoutGrad({ exact.sumOfSquares().item() }) > 1e-12 else { return }
        #expect(relativeError(low, exact) < (dtype == .float32 ? 1e-5 : 4.0 / 512), what)
    }

    func probe(_ output: Tensor) -> Tensor {
        (output.to(.float64) * Tensor.hashed(99, shape: output.shape)).sum()
    }

    /// Runs both backward passes from one probe, and compares what they leave in the leaves.
    func expectSameGradients(
        _ output: Tensor, _ exact: Tensor, of leaves: [String: Twin],
        in dtype: DType = .bfloat16
    ) throws {
        probe(output).backward()
        probe(exact).backward()
        for (name, twin) in leaves {
            let gradient = try #require(twin.low.grad)
            let expected = try #require(twin.exact.grad)
            expectSame(gradient, expected, "gradient of \(name)", in: dtype)
        }
    }

    @Test(
        "The fusion of ABF in one agrees with its formula, forward and backward",
        arguments: [
            ([2, 16, 8, 8], [2, 16, 8, 8]), ([2, 64, 8, 8], [2, 64, 1, 1]),
            ([1, 48, 14, 6], [1, 48, 7, 3]), ([3, 16, 1, 1], [3, 16, 1, 1]),
            ([70, 32, 4, 4], [70, 32, 2, 2]),
        ], [DType.bfloat16, .float32])
    func attentionFusion(sizes: (shape: [Int], deep: [Int]), dtype: DType) throws {
        let (shape, deep) = sizes
        let m = shape[1]
        let feature = Twin(11, shape, dtype)
        let deeper = Twin(12, deep, dtype)
        let weight = Twin(13, [2, 2 * m, 1, 1], parameter: true)
        let bias = Twin(14, [2], parameter: true)
        let output = try #require(
            fusedAttentionFusion(
                feature.low, deeper.low, weight: weight.low, bias: bias.low))

        let enlarged = deeper.exact.resizedNearest(height: shape[2], width: shape[3])
        let joined = Tensor.concatenate([feature.exact, enlarged], dimension: 1)
        let maps = joined.conv2d(weight: weight.exact, bias: bias.exact).sigmoid()
        let exact = feature.exact * maps.narrow(1, 0..<1) + enlarged * maps.narrow(1, 1..<2)
        expectSame(output, exact, "output", in: dtype)

        try expectSameGradients(
            output, exact,
            of: ["feature": feature, "deeper": deeper, "weight": weight, "bias": bias], in: dtype)
    }

    @Test(
        "3×3 convolution agrees with LibTorch's, forward and backward",
        arguments: [
            ([2, 16, 7, 7], 16), ([1, 16, 31, 31], 32), ([3, 48, 1, 1], 16), ([1, 32, 7, 31], 48),
            ([2, 16, 1, 7], 64), ([1, 16, 70, 2], 16), ([40, 64, 8, 8], 64), ([2, 16, 32, 32], 16),
            // Several images side by side, not all of them there, and several strips.
            ([5, 48, 4, 4], 32), ([3, 16, 9, 5], 48), ([2, 128, 20, 9], 32), ([1, 32, 33, 40], 16),
        ], [MemoryFormat.contiguous, .channelsLast])
    func convolution(layer: (shape: [Int], outputs: Int), format: MemoryFormat) throws {
        for processor in kernels() {
            let input = Twin(31, layer.shape)
            let weight = Twin(32, [layer.outputs, layer.shape[1], 3, 3], parameter: true)
            let arranged = weight.low.contiguous(format)
            let output = try #require(
                fusedConvolution(
                    input.low, weight: arranged, stride: 1, padding: 1, on: processor))
            let exact = input.exact.conv2d(weight: weight.exact, padding: 1)
            expectSame(output, exact, "output of \(processor.convolution)")

            try expectSameGradients(output, exact, of: ["input": input, "weight": weight])
        }
    }

    @Test(
        "Strided and 1×1 convolutions agree with LibTorch's, forward and backward",
        arguments: [
            ([2, 16, 7, 7], 16), ([1, 16, 31, 31], 32), ([3, 48, 1, 1], 16), ([1, 32, 7, 31], 48),
            ([2, 64, 1, 7], 64), ([1, 16, 70, 2], 16), ([40, 80, 8, 8], 64),
            ([1, 112, 300, 3], 16),
            // Several images side by side, not all of them there, and several strips.
            ([5, 48, 9, 8], 32), ([2, 128, 20, 9], 32), ([1, 32, 34, 40], 16),
            ([2, 16, 32, 33], 16),
        ], [(1, 1), (1, 2), (3, 2)])
    func strided(layer: (shape: [Int], outputs: Int), form: (kernel: Int, stride: Int)) throws {
        let (kernel, stride) = form
        for processor in kernels() {
            let input = Twin(71, layer.shape)
            let weight = Twin(
                72, [layer.outputs, layer.shape[1], kernel, kernel], parameter: true)
            let padding = kernel / 2
            let output = try #require(
                fusedConvolution(
                    input.low, weight: weight.low, stride: stride, padding: padding, on: processor))
            let exact = input.exact.conv2d(weight: weight.exact, stride: stride, padding: padding)
            expectSame(output, exact, "output of \(processor.convolution)")

            try expectSameGradients(output, exact, of: ["input": input, "weight": weight])
        }
    }

    @Test(
        "A 3×3 convolution of one to three channels agrees with LibTorch's, forward and backward",
        arguments: [
            ([2, 3, 7, 7], 16), ([1, 3, 31, 31], 32), ([3, 1, 1, 1], 16), ([1, 2, 7, 31], 48),
            ([2, 3, 1, 7], 64), ([1, 3, 70, 2], 16), ([19, 3, 5, 5], 64), ([4, 1, 32, 32], 16),
        ], [1, 2])
    func fewChannels(layer: (shape: [Int], outputs: Int), stride: Int) throws {
        for processor in kernels() where processor.convolution == .amx {
            let input = Twin(73, layer.shape)
            let weight = Twin(74, [layer.outputs, layer.shape[1], 3, 3], parameter: true)
            let output = try #require(
                fusedConvolution(
                    input.low, weight: weight.low, stride: stride, padding: 1, on: processor))
            let exact = input.exact.conv2d(weight: weight.exact, stride: stride, padding: 1)
            expectSame(output, exact, "output")

            try expectSameGradients(output, exact, of: ["input": input, "weight": weight])
        }
    }

    /// As mistakes of the program are; without that, memory behind the maps would be read or written.
    @Test(
        "A gradient that is not of the output's shape traps",
        arguments: [[2, 32, 6, 5], [3, 32, 5, 5], [2, 16, 5, 5]])
    func wrongGradient(shape: [Int]) async {
        await #expect(processExitsWith: .failure) { [shape] in
            let input = Tensor.zeros([2, 16, 9, 9], dtype: .bfloat16).contiguous(.channelsLast)
            let gradient = Tensor.zeros(shape, dtype: .bfloat16)
            _ = convolutionGradients(
                gradient, input: input, weight: Tensor.zeros([32, 16, 3, 3]), stride: 2,
                padding: 1, wanted: WantedGradients(input: true, weight: true))
        }
    }

    /// LibTorch 2.13 returns wrong numbers for them on AMX (findings/torch-amx-narrow-maps.sh).
    @Test(
        "Strided convolutions in bfloat16 of maps narrower than the kernel are right, gradients included",
        arguments: [[1, 16, 70, 2], [1, 16, 70, 1], [2, 24, 33, 2]])
    func narrowMaps(shape: [Int]) throws {
        let input = Twin(81, shape)
        let weight = Twin(82, [20, shape[1], 3, 3], parameter: true)
        let exact = input.exact.conv2d(weight: weight.exact, stride: 2, padding: 1)
        let output = withAutocast(.bfloat16, on: .cpu) {
            input.low.conv2d(weight: weight.low, stride: 2, padding: 1)
        }
        #expect(output.dtype == .bfloat16)
        expectSame(output, exact, "output")
        try expectSameGradients(output, exact, of: ["input": input, "weight": weight])

        let fused = oneDNNConvolution(
            input.low.detach(), weight: weight.low.detach().to(.bfloat16).contiguous(.channelsLast),
            bias: Tensor.ones([20]).to(.bfloat16), stride: 2, padding: 1, relu: true)
        expectSame(fused, (exact.detach() + 1).relu(), "fused")
    }

    @Test(
        "Depthwise 3×3 convolution agrees with LibTorch's, forward and backward",
        arguments: [
            [2, 16, 7, 7], [1, 58, 31, 32], [3, 48, 1, 1], [2, 17, 1, 7], [70, 24, 8, 8],
            [1, 60, 2, 2], [2, 192, 9, 4], [1, 128, 5, 28],
        ], [1, 2])
    func depthwise(shape: [Int], stride: Int) throws {
        let input = Twin(61, shape)
        let weight = Twin(62, [shape[1], 1, 3, 3], parameter: true)
        let output = try #require(
            fusedDepthwiseConvolution3x3(input.low, weight: weight.low, stride: stride))
        let exact = input.exact.conv2d(
            weight: weight.exact, stride: stride, padding: 1, groups: shape[1])
        #expect(output.shape == exact.shape)
        expectSame(output, exact, "output")

        try expectSameGradients(output, exact, of: ["input": input, "weight": weight])
    }

    @Test(
        "Convolution with bias, addition and ReLU agrees with LibTorch's",
        arguments: [
            ([1, 16, 7, 31], 16, 3, 1), ([2, 32, 31, 7], 32, 3, 1), ([1, 64, 1, 1], 48, 3, 1),
            ([3, 16, 9, 5], 48, 3, 1), ([2, 32, 31, 7], 32, 3, 2), ([3, 16, 8, 5], 48, 3, 2),
            ([2, 3, 9, 8], 48, 3, 1), ([2, 3, 31, 7], 16, 3, 2),
        ],
        [(false, false), (false, true), (true, false), (true, true)])
    func foldedConvolution(
        layer: (shape: [Int], outputs: Int, kernel: Int, stride: Int),
        variant: (adds: Bool, relu: Bool)
    ) throws {
        let (shape, outputs, kernel, stride) = layer
        let input = Twin(41, shape)
        let weight = Twin(42, [outputs, shape[1], kernel, kernel], parameter: true)
        let bias = Twin(43, [outputs], parameter: true)
        var exact = input.exact.conv2d(
            weight: weight.exact, bias: bias.exact, stride: stride, padding: kernel / 2)
        let addend = variant.adds ? Twin(44, exact.shape) : nil
        if let addend { exact = exact + addend.exact }
        if variant.relu { exact = exact.relu() }
        // Those for AVX512-BF16 have the 3×3 kernel with stride 1 alone.
        let isCommon = kernel == 3 && stride == 1 && shape[1] > 3
        for processor in kernels() where isCommon || processor.convolution == .amx {
            let kernel = try #require(
                PackedConvolution(
                    weight: weight.low, stride: stride, padding: kernel / 2,
                    kernels: processor.convolution))
            #expect(kernel.takes(input.low))
            let output = kernel(
                input.low, bias: bias.low, addend: addend?.low, relu: variant.relu)
            expectSame(output, exact, "output of \(processor.convolution)")
        }
    }

    @Test(
        "The hierarchical loss agrees with pooling differences, forward and backward",
        arguments: [
            ([2, 16, 8, 8], 4), ([1, 48, 12, 4], 4), ([3, 16, 6, 2], 2), ([70, 32, 31, 7], 1),
            ([1, 16, 32, 32], 4), ([2, 64, 4, 4], 2),
            // Bins that overlap, as ImageNet's and COCO's maps have them.
            ([2, 32, 14, 14], 4), ([3, 16, 7, 7], 4), ([1, 48, 13, 21], 4), ([2, 16, 7, 2], 4),
            ([2, 16, 3, 1], 2), ([1, 16, 5, 9], 4),
        ], [DType.bfloat16, .float32])
    func hierarchicalLoss(map: (shape: [Int], bins: Int), dtype: DType) throws {
        let (shape, bins) = map
        let student = Twin(51, shape, dtype, offset: 0.2)
        let teacher = Twin(52, shape, dtype)
        let weights = [0.5, 0.3, 0.15, 0.05]
        let loss = try #require(
            fusedHierarchicalLoss(student.low, teacher.low, bins: bins, weights: weights))
        let difference = student.exact - teacher.exact
        var exact = (difference * difference).mean() * weights[0]
        for (scale, size) in [4, 2, 1].filter({ $0 <= bins }).enumerated() {
            let pooled = difference.adaptiveAveragePool(size)
            exact = exact + (pooled * pooled).mean() * weights[scale + 1]
        }
        expectClose(loss, exact, relative: 1e-5)  // float32 sums

        (loss * 3).backward()
        (exact * 3).backward()
        expectSame(
            try #require(student.low.grad), try #require(student.exact.grad), "gradient",
            in: dtype)
    }

    /// LibTorch reads the variable once, so that a process of its own is needed.
    @Test(
        "The kernels for lesser processors agree too, and the convolution is left to LibTorch",
        arguments: ["default", "avx2"])
    func lesserProcessors(capability: String) async {
        await #expect(processExitsWith: .success) { [capability] in
            setenv("ATEN_CPU_CAPABILITY", capability, 1)
            let tests = FusedKernelTests()
            #expect(Runtime.cpuCapability.lowercased() == capability)
            #expect(!Runtime.hasNativeBFloat16)
            #expect(
                PackedConvolution(
                    weight: Tensor.zeros([16, 16, 3, 3]), stride: 1, padding: 1, kernels: .avx512)
                    == nil)
            for shape in [[4, 16, 7, 7], [2, 48, 31, 31], [1, 256, 7, 1], [4, 58, 16, 16]] {
                for dtype in [DType.bfloat16, .float32] {
                    try tests.batchNorm(shape: shape, dtype: dtype)
                }
            }
            for stride in [1, 2] {
                try tests.depthwise(shape: [70, 24, 8, 8], stride: stride)
                try tests.depthwise(shape: [1, 58, 31, 32], stride: stride)
            }
            for dtype in [DType.bfloat16, .float32] {
                let fusions = [([2, 64, 8, 8], [2, 64, 1, 1]), ([1, 48, 14, 6], [1, 48, 7, 3])]
                for sizes in fusions { try tests.attentionFusion(sizes: sizes, dtype: dtype) }
                for map in [([2, 64, 4, 4], 2), ([1, 48, 12, 4], 4), ([1, 48, 14, 7], 4)] {
                    try tests.hierarchicalLoss(map: map, dtype: dtype)
                }
            }
        }
    }

    /// This processor with each kind of convolution of our own that it has; what it lacks is said.
    func kernels() -> [Processor] {
        let own = Processor.current.variants.filter { $0.convolution != .onednn }
        for kind in [Processor.Convolution.avx512, .amx]
        where !own.contains(where: { $0.convolution == kind }) {
            print("not run: our own convolution for \(kind), which this processor lacks")
        }
        return own
    }

    @Test("What the kernels do not take is left to LibTorch's operators")
    func notTaken() {
        func state(_ channels: Int) -> BatchNormState {
            BatchNormState(
                weight: Tensor.ones([channels]), bias: Tensor.zeros([channels]),
                runningMean: Tensor.zeros([channels]), runningVar: Tensor.ones([channels]),
                momentum: 0.1, epsilon: 1e-5)
        }
        func input(_ channels: Int, _ dtype: DType, _ format: MemoryFormat) -> Tensor {
            Tensor.zeros([2, channels, 3, 3], dtype: dtype).contiguous(format)
        }
        for (channels, dtype, format) in [
            (17, DType.bfloat16, MemoryFormat.channelsLast), (3, .bfloat16, .channelsLast),
            (17, .float32, .channelsLast), (16, .float64, .channelsLast),
            (16, .bfloat16, .contiguous), (16, .float32, .contiguous),
        ] {
            let tensor = input(channels, dtype, format)
            #expect(fusedBatchNorm(tensor, state(channels), adding: nil, relu: true) == nil)
        }
        let weight = Tensor.zeros([2, 32, 1, 1])
        let bias = Tensor.zeros([2])
        let feature = input(16, .bfloat16, .channelsLast)
        let uneven = Tensor.zeros([2, 16, 2, 2], dtype: .bfloat16).contiguous(.channelsLast)
        #expect(fusedAttentionFusion(feature, uneven, weight: weight, bias: bias) == nil)
        for (inputs, outputs) in [(4, 16), (15, 16), (17, 16), (16, 17)] {
            let image = input(inputs, .bfloat16, .channelsLast)
            let kernel = Tensor.zeros([outputs, inputs, 3, 3])
            #expect(fusedConvolution(image, weight: kernel, stride: 1, padding: 1) == nil)
        }
        for (channels, groupWidth, stride) in [(15, 1, 1), (16, 1, 3), (16, 2, 1)] {
            let image = input(channels, .bfloat16, .channelsLast)
            let kernel = Tensor.zeros([channels, groupWidth, 3, 3])
            #expect(fusedDepthwiseConvolution3x3(image, weight: kernel, stride: stride) == nil)
        }
        for processor in kernels() where processor.convolution == .avx512 {
            let image = input(3, .bfloat16, .channelsLast)
            let kernel = Tensor.zeros([16, 3, 3, 3])
            #expect(
                fusedConvolution(image, weight: kernel, stride: 1, padding: 1, on: processor) == nil
            )
        }
        for (size, stride, padding) in [(5, 1, 2), (3, 3, 1), (3, 2, 0), (1, 1, 1)] {
            let kernel = Tensor.zeros([16, 16, size, size])
            #expect(
                fusedConvolution(feature, weight: kernel, stride: stride, padding: padding) == nil)
        }
        let plain = input(16, .float32, .channelsLast)
        let three = Tensor.zeros([16, 16, 3, 3]), one = Tensor.zeros([16, 16, 1, 1])
        #expect(fusedConvolution(plain, weight: three, stride: 1, padding: 1) == nil)
        #expect(fusedConvolution(feature, weight: one, stride: 1, padding: 1) == nil)
    }
}
