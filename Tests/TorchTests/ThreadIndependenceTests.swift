import Foundation
import Testing
import Torch
import TorchTestSupport

/// The same bits for any number of threads, by our own kernels and by LibTorch's operators.
extension FusedKernelTests {
    /// LibTorch's own depend on it: softmax for two threads, the others for three and more.
    @Test("Exponentials, sums, smooth L1 and gradients do not depend on the number of threads")
    func threadsOfSmallOperators() throws {
        let operators: [(Tensor, Tensor) -> Tensor] = [
            { $0.sigmoid() * $1 }, { $0.softplus() * $1 }, { $0.softmax(0) * $1 },
            { $0.softmax(1) * $1 }, { $0.logSoftmax(1) * $1 },
            { $0.smoothL1Distances($1, beta: 0.1) * $1 }, { ($0 * $1).sum([0]) },
        ]
        for shape in [[601, 1001], [1024, 81], [512, 100]] {
            let numbers = Tensor.hashed(96, shape: shape, dtype: .float32)
            let gradient = Tensor.hashed(97, shape: shape, dtype: .float32)
            for run in operators {
                try expectSameWithAnyThreads {
                    let leaf = numbers.detach().clone()
                    leaf.requiresGrad = true
                    let result = run(leaf, gradient)
                    result.sum().backward()
                    return try result.detach().bytes() + #require(leaf.grad).bytes()
                }
            }
        }
    }

    @Test(
        "The kernels' results do not depend on the number of threads", arguments: [32, 58],
        [DType.bfloat16, .float32])
    func threads(channels: Int, dtype: DType) throws {
        func run() throws -> [UInt8] {
            let input = Tensor.hashed(21, shape: [8, channels, 16, 16], dtype: dtype)
                .contiguous(.channelsLast)
            input.requiresGrad = true
            let weight = Tensor.hashed(22, shape: [channels, 1, 3, 3], dtype: .float32)
            weight.requiresGrad = true
            let normal = try #require(
                fusedBatchNorm(
                    input,
                    BatchNormState(
                        weight: Tensor.ones([channels]), bias: Tensor.zeros([channels]),
                        runningMean: Tensor.zeros([channels]),
                        runningVar: Tensor.ones([channels]), momentum: 0.1, epsilon: 1e-5),
                    adding: nil, relu: false))
            let output =
                fusedDepthwiseConvolution3x3(normal, weight: weight, stride: 2)
                ?? normal.conv2d(weight: weight, stride: 2, padding: 1, groups: channels)
            #expect((output.dtype == .float32) == (dtype == .float32))
            probe(output).backward()
            return try [output, #require(input.grad), #require(weight.grad)]
                .flatMap { $0.detach().bytes() }
        }
        try expectSameWithAnyThreads(run)
    }

    @Test(
        "Convolutions do not depend on the number of threads, gradients included",
        arguments: [(1, 1), (1, 2), (3, 1), (3, 2)], [3, 16, 160])
    func threadsOfConvolutions(form: (kernel: Int, stride: Int), channels: Int) throws {
        let (kernel, stride) = form
        guard channels > 3 || kernel == 3 else { return }
        for processor in kernels() where channels > 3 || processor.convolution == .amx {
            try expectSameWithAnyThreads {
                let input = Tensor.hashed(23, shape: [5, channels, 13, 16], dtype: .bfloat16)
                    .contiguous(.channelsLast)
                let weight = Tensor.hashed(
                    24, shape: [32, channels, kernel, kernel], dtype: .float32)
                weight.requiresGrad = true
                input.requiresGrad = true
                let output = try #require(
                    fusedConvolution(
                        input, weight: weight, stride: stride, padding: kernel / 2, on: processor))
                probe(output).backward()
                return try [output, #require(input.grad), #require(weight.grad)]
                    .flatMap { $0.detach().bytes() }
            }
        }
    }

    /// LibTorch sets OpenMP's number of threads in its first operator on each of them, and oneDNN then waits
    /// for threads that never come.
    @Test("The first gradients of a process come with any number of threads", arguments: [2, 8])
    func firstGradients(threads: Int) async {
        await #expect(processExitsWith: .success) { [threads] in
            alarm(100)
            Runtime.setThreads(threads)
            for (channels, side) in [(128, 16), (512, 8), (1024, 4)] {
                let input = Tensor.hashed(1, shape: [32, channels, side, side], dtype: .float32)
                    .contiguous(.channelsLast)
                let weight = Tensor.hashed(2, shape: [channels, channels, 1, 1], dtype: .float32)
                weight.requiresGrad = true
                input.conv2d(weight: weight).sum().backward()
                #expect(weight.grad != nil)
            }
        }
    }

    /// oneDNN's do for up to five images of these shapes, on a Xeon.
    @Test(
        "Convolutions in float32 of few pixels do not depend on the number of threads",
        arguments: [
            ([2, 512, 28, 28], 128, 1), ([5, 128, 28, 28], 512, 1), ([1, 2048, 7, 7], 512, 1),
            ([2, 960, 4, 4], 160, 1), ([5, 512, 1, 1], 512, 1), ([1, 256, 8, 8], 256, 3),
        ])
    func threadsOfFewPixels(shape: [Int], outputs: Int, kernel: Int) throws {
        let weight = Tensor.hashed(98, shape: [outputs, shape[1], kernel, kernel], dtype: .float32)
        let bias = Tensor.hashed(99, shape: [outputs], dtype: .float32)
        let numbers = Tensor.hashed(100, shape: shape, dtype: .float32).contiguous(.channelsLast)
        func run(_ dtype: DType) throws -> [Tensor] {
            let leaves = [numbers, weight, bias].map { $0.to(dtype).detach().clone() }
            for leaf in leaves { leaf.requiresGrad = true }
            let result = leaves[0].conv2d(weight: leaves[1], bias: leaves[2], padding: kernel / 2)
            probe(result).backward()
            return try [result.detach()] + leaves.map { try #require($0.grad) }
        }
        try expectSameWithAnyThreads { try run(.float32).flatMap { $0.contiguous().bytes() } }
        let found = try run(.float32)
        for (found, exact) in try zip(found, run(.float64)) {
            expectSame(found, exact, "\(found.shape)", in: .float32)
        }
        #expect(found[0].isContiguous(.channelsLast) && found[1].isContiguous(.channelsLast))
    }

    /// oneDNN's do on AMX (findings/onednn-products-by-threads.sh).
    @Test(
        "Products of matrices do not depend on the number of threads",
        arguments: [(16, 2048, 100), (64, 8192, 64), (2, 8192, 4096), (300, 4096, 48)],
        [DType.bfloat16, .float32])
    func threadsOfProducts(sides: (rows: Int, inner: Int, columns: Int), dtype: DType) throws {
        func matrix(_ seed: Int, _ shape: [Int]) -> Tensor {
            Tensor.hashed(seed, shape: shape, dtype: dtype)
        }
        let left = matrix(91, [sides.rows, sides.inner])
        let weight = matrix(92, [sides.columns, sides.inner])
        let bias = matrix(93, [sides.columns])
        let stacks = (matrix(94, [3, 8, sides.inner]), matrix(95, [3, sides.inner, 8]))
        try expectSameWithAnyThreads {
            [
                left.matmul(weight.transposed), left.linear(weight: weight, bias: bias),
                stacks.0.matmul(stacks.1),
            ].flatMap { $0.bytes() }
        }
        let exact = left.to(.float64).linear(weight: weight.to(.float64), bias: bias.to(.float64))
        expectSame(left.linear(weight: weight, bias: bias), exact, "product and bias")
    }

    private func expectSameWithAnyThreads(_ run: () throws -> [UInt8]) throws {
        let former = Runtime.threads
        defer { Runtime.setThreads(former) }
        Runtime.setThreads(1)
        let one = try run()
        for threads in [2, 3, 9] {
            Runtime.setThreads(threads)
            #expect(try run() == one)
        }
    }
}
