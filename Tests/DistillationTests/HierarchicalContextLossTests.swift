import Distillation
import Testing
import Torch
import TorchTestSupport

@Suite struct HierarchicalContextLossTests {
    /// The weights of the scales that see tiles of a size, and of all scales of a height.
    struct Scales: Sendable {
        let height: Int
        let tile: Int
        let seen: Double
        let total: Double
    }

    @Test("HCL of equal features is 0, and so is its gradient", arguments: [1, 2, 3, 4, 7, 8])
    func equalFeatures(_ size: Int) throws {
        let student = Tensor.hashed(1, shape: [2, 3, size, size])
        student.requiresGrad = true
        let loss = hierarchicalContextLoss(student, Tensor.hashed(1, shape: [2, 3, size, size]))
        loss.backward()
        #expect(loss.item() == 0)
        #expect(try #require(student.grad).sumOfSquares().item() == 0)
    }

    /// A difference of ±1 whose sign changes with every tile, like a chess board: scales coarser than
    /// the tiles average it to 0 and finer ones leave it, so that the loss shows the weights that the
    /// method's description lists for each height.
    @Test(
        "Each scale weighs half of the one before, and the sum is divided by the weights'",
        arguments: [
            Scales(height: 16, tile: 4, seen: 1.5, total: 1.875),
            Scales(height: 8, tile: 1, seen: 1, total: 1.875),
            Scales(height: 8, tile: 2, seen: 1.5, total: 1.875),
            Scales(height: 8, tile: 4, seen: 1.75, total: 1.875),
            Scales(height: 8, tile: 8, seen: 1.875, total: 1.875),
            Scales(height: 4, tile: 1, seen: 1, total: 1.75),
            Scales(height: 4, tile: 2, seen: 1.5, total: 1.75),
            Scales(height: 2, tile: 1, seen: 1, total: 1.5),
            Scales(height: 1, tile: 1, seen: 1, total: 1),
        ])
    func weights(_ scales: Scales) {
        let height = scales.height
        let tile = scales.tile
        let difference = (0..<height * height).map { index -> Double in
            let row = index / height / tile
            let column = index % height / tile
            return (row + column) % 2 == 0 ? 1 : -1
        }
        let student = Tensor(difference, shape: [1, 1, height, height])
        let loss = hierarchicalContextLoss(student, Tensor.zeros(student.shape, dtype: .float64))
        expectClose(loss, [scales.seen / scales.total], relative: 1e-12)
    }

    private static let sizes = [[4, 2, 1], [4, 2], [4, 1], [2, 1], [4], [2], [1], []]
    private static let seen: [Double] = [
        1.5 / 1.875, 1.5 / 1.75, 1.5 / 1.75, 1 / 1.75, 1, 1 / 1.5, 1 / 1.5, 1,
    ]

    /// A chess board of 2×2 tiles on a map of 8×8 is seen by the full map and 4×4 bins alone.
    @Test(
        "Only the sizes that are asked for are pooled to, with the weights of a shorter pyramid",
        arguments: zip(sizes, seen))
    func levels(_ levels: [Int], _ expected: Double) {
        let board = (0..<64).map { $0 / 16 % 2 == $0 % 8 / 2 % 2 ? 1.0 : -1 }
        func loss(_ dtype: DType, channels: Int) -> Tensor {
            let student = Tensor(
                (0..<channels).flatMap { _ in board }, shape: [1, channels, 8, 8]
            ).to(dtype).contiguous(.channelsLast)
            return hierarchicalContextLoss(
                student, Tensor.zeros(student.shape, dtype: dtype).contiguous(.channelsLast),
                levels: levels)
        }
        expectClose(loss(.float64, channels: 1), [expected], relative: 1e-12)
        // Sixteen channels of bfloat16 take the fused kernel.
        expectClose(loss(.bfloat16, channels: 16), [expected], relative: 1e-6)
    }

    @Test(
        "The fused gradient over chosen sizes is that of LibTorch's operators",
        arguments: [[4, 2], [4, 1], [1], []])
    func gradientOfLevels(_ levels: [Int]) throws {
        func gradient(_ dtype: DType) throws -> Tensor {
            let student = Tensor.hashed(6, shape: [2, 16, 8, 8], dtype: .bfloat16)
                .contiguous(.channelsLast).to(dtype)
            student.requiresGrad = true
            let teacher = Tensor.hashed(7, shape: [2, 16, 8, 8], dtype: .bfloat16)
                .contiguous(.channelsLast).to(dtype)
            hierarchicalContextLoss(student, teacher, levels: levels).backward()
            return try #require(student.grad)
        }
        expectClose(
            try gradient(.bfloat16).to(.float64), try gradient(.float64), relative: 1e-2,
            absolute: 1e-5)
    }

    /// The overlapping 2×2 bins of a height of 3 average [1, −1, 1] to 0, the whole to 1/3.
    @Test("HCL skips pool sizes that are not below the height, and bins may overlap")
    func overlappingBins() {
        let row = [1.0, -1, 1]
        let student = Tensor(row.flatMap { y in row.map { $0 * y } }, shape: [1, 1, 3, 3])
        let loss = hierarchicalContextLoss(student, Tensor.zeros([1, 1, 3, 3], dtype: .float64))
        expectClose(loss, [(1 + 0.25 / 81) / 1.75], relative: 1e-12)
    }

    @Test("HCL of bfloat16 features is computed in float32, its gradient given in bfloat16")
    func mixedPrecision() {
        let student = Tensor.hashed(2, shape: [2, 3, 8, 8], dtype: .bfloat16)
        student.requiresGrad = true
        let teacher = Tensor.hashed(3, shape: [2, 3, 8, 8], dtype: .bfloat16)
        let loss = hierarchicalContextLoss(student, teacher)
        loss.backward()
        #expect(loss.dtype == .float32)
        #expect(student.grad?.dtype == .bfloat16)
        let exact = hierarchicalContextLoss(
            withoutGrad { student.detach().to(.float64) }, teacher.to(.float64))
        expectClose(loss, exact, relative: 1e-5)
    }

    /// Both maps pooled by LibTorch's operator, and its own gradient, in float64.
    private func formula(_ student: Tensor, _ teacher: Tensor) throws -> (Double, Tensor) {
        let exact = withoutGrad { student.detach().to(.float64) }
        exact.requiresGrad = true
        let target = withoutGrad { teacher.detach().to(.float64) }
        var loss = exact.meanSquaredError(target)
        var total = 1.0
        var share = 1.0
        for size in [4, 2, 1] where size < student.size(2) {
            share /= 2
            total += share
            loss =
                loss + exact.adaptiveAveragePool(size)
                .meanSquaredError(target.adaptiveAveragePool(size)) * share
        }
        let mean = loss * (1 / total)
        mean.backward()
        return (mean.item(), try #require(exact.grad))
    }

    /// The maps of ImageNet at 224 pixels, at other sizes of images, and such as are not square.
    ///
    /// Bins overlap where four do not divide them.
    @Test(
        "HCL is its formula at the sizes of ImageNet's maps, bins that overlap included",
        arguments: [
            [56, 56], [28, 28], [14, 14], [7, 7], [1, 1], [3, 3], [5, 5], [6, 6], [9, 9],
            [13, 13], [10, 7], [7, 10], [12, 18],
        ], [DType.bfloat16, .float32, .float64])
    func sizesOfImageNet(_ size: [Int], _ dtype: DType) throws {
        func map(_ key: Int) -> Tensor {
            withoutGrad {
                Tensor.hashed(key, shape: [2, 32] + size, dtype: .float32).to(dtype)
                    .contiguous(.channelsLast)
            }
        }
        let student = map(8)
        let teacher = map(9)
        let (expected, gradient) = try formula(student, teacher)
        student.requiresGrad = true
        let loss = hierarchicalContextLoss(student, teacher)
        loss.backward()
        let isExact = dtype == .float64
        #expect(abs(loss.item() / expected - 1) <= (isExact ? 1e-12 : 1e-5))
        let error = relativeError(try #require(student.grad), gradient)
        // A gradient in bfloat16 is rounded once, to eight bits.
        #expect(error <= (isExact ? 1e-12 : dtype == .float32 ? 1e-6 : 2.5e-3))
    }

    /// The second image weighs nothing, the others as much as stated, each loss that of the image alone.
    @Test(
        "Weights of images multiply their squared errors and gradients, in our kernel and in LibTorch's operators",
        arguments: [DType.bfloat16, .float32], [8, 7, 1])
    func weightsOfImages(_ dtype: DType, _ size: Int) throws {
        let weights: [Float] = [0.25, 0, 3]
        func maps(_ key: Int) -> Tensor {
            withoutGrad {
                Tensor.hashed(key, shape: [3, 16, size, size], dtype: .float32).to(dtype)
                    .contiguous(.channelsLast)
            }
        }
        let (student, teacher) = (maps(10), maps(11))
        student.requiresGrad = true
        let loss = hierarchicalContextLoss(student, teacher, imageWeights: Tensor(weights))
        loss.backward()
        let gradient = try #require(student.grad).to(.float64)
        var sum = 0.0
        for (index, weight) in weights.enumerated() {
            func image(_ maps: Tensor) -> Tensor {
                withoutGrad { maps.detach().narrow(0, index..<(index + 1)).to(.float64) }
            }
            let own = image(student)
            own.requiresGrad = true
            let alone = hierarchicalContextLoss(own, image(teacher))
            alone.backward()
            sum += Double(weight) * alone.item() / 3
            let expected = try #require(own.grad) * (Double(weight) / 3)
            expectClose(
                image(gradient), expected, relative: dtype == .bfloat16 ? 1e-2 : 1e-5,
                absolute: 1e-7)
        }
        #expect(abs(loss.item() / sum - 1) < 1e-5)
    }

    @Test("HCL's gradient scales with what comes from above")
    func chainRule() throws {
        func gradient(times factor: Double) throws -> Tensor {
            let student = Tensor.hashed(4, shape: [1, 2, 7, 7])
            student.requiresGrad = true
            let teacher = Tensor.hashed(5, shape: [1, 2, 7, 7])
            (hierarchicalContextLoss(student, teacher) * factor).backward()
            return try #require(student.grad)
        }
        expectClose(try gradient(times: 3), try gradient(times: 1) * 3, relative: 1e-12)
    }
}
