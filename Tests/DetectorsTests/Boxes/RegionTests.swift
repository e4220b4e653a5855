import Foundation
import Testing
import Torch
import TorchTestSupport

@testable import Detectors

/// RoIAlign beyond detectron2's golden values.
@Suite struct RegionTests {
    @Test(
        "RoIAlign agrees with its definition, sample by sample, also with fixed numbers of samples")
    func definition() throws {
        try expectAgreement { agreement in
            let file = JSONValue.object(["cases": try OperationValues.at("regions")])
            try checkRoIAlign(file, &agreement)
        }
    }

    /// Some regions on two maps, as networks have them.
    private func pyramid(_ dtype: DType) -> (maps: [Tensor], boxes: [Tensor], pooler: PyramidPooler)
    {
        let maps = [[2, 80, 24, 30], [2, 80, 12, 15]].enumerated().map {
            Tensor.hashed(70 + $0, shape: $1, dtype: dtype).contiguous(.channelsLast)
        }
        let sides = Tensor.hashed(72, shape: [2, 30, 4]) * 30 + 50
        let boxes = (0..<2).map { image -> Tensor in
            let some = sides.narrow(0, image..<(image + 1)).reshape([30, 4])
            let corner = some.narrow(1, 0..<2)
            return Tensor.concatenate([corner, corner + some.narrow(1, 2..<4)], dimension: 1)
        }
        let pooler = PyramidPooler(
            RoIAlign(height: 5, width: 4), strides: [4, 8], lowestLevel: 2, canonicalSize: 50,
            canonicalLevel: 3)
        return (maps, boxes, pooler)
    }

    @Test(
        "Regions of maps in bfloat16 are averaged in float32",
        arguments: [MemoryFormat.contiguous, .channelsLast])
    func lowerPrecision(format: MemoryFormat) throws {
        let (low, boxes, pooler) = pyramid(.bfloat16)
        let exact = low.map { $0.to(.float64) }
        for map in low + exact { map.requiresGrad = true }
        let found = pooler(low, boxes: boxes, format: format)
        let expected = pooler(exact, boxes: boxes, format: format)
        #expect(found.dtype == .bfloat16)
        #expect(relativeError(found, expected) < 1.0 / 256)
        let probe = Tensor.hashed(73, shape: found.shape, dtype: .bfloat16)
        (found * probe).sum(dtype: .float32).backward()
        (expected * probe.to(.float64)).sum().backward()
        for (map, reference) in zip(low, exact) {
            let error = relativeError(try #require(map.grad), try #require(reference.grad))
            #expect(map.grad?.dtype == .bfloat16)
            #expect(error < 1.0 / 256)
        }
    }

    @Test("Maps in float16, which the kernel does not take, go through float32")
    func halfPrecision() {
        let (maps, boxes, pooler) = pyramid(.float16)
        let found = pooler(maps, boxes: boxes)
        #expect(found.dtype == .float16)
        #expect(relativeError(found, pooler(maps.map { $0.to(.float64) }, boxes: boxes)) < 1e-3)
    }

    @Test("Any number of threads gives the same bits, forward and backward")
    func threads() throws {
        let former = Runtime.threads
        defer { Runtime.setThreads(former) }
        let results = try [1, 2, 3, 7].map { threads -> [[Float]] in
            Runtime.setThreads(threads)
            let (maps, boxes, pooler) = pyramid(.float32)
            for map in maps { map.requiresGrad = true }
            let pooled = pooler(maps, boxes: boxes)
            (pooled * Tensor.hashed(74, shape: pooled.shape, dtype: .float32)).sum().backward()
            return try [pooled.detach()].map { $0.elements(as: Float.self) }
                + maps.map { try #require($0.grad).elements(as: Float.self) }
        }
        for result in results { #expect(result == results[0]) }
    }

    @Test("A box far larger than the map, or of no number, costs nothing and gives no garbage")
    func extremeBoxes() {
        let map = Tensor.ones([1, 2, 6, 6], dtype: .float64)
        let boxes = Tensor(
            [
                -1e12, -1e12, 1e12, 1e12, 0, 0, .infinity, 4, .nan, 0, 4, 4, 0, 0, 6, 6,
            ], shape: [4, 4])
        let pooled = RoIAlign(height: 3, width: 3)(
            [map], scales: [1], boxes: boxes, images: Tensor([Int64](repeating: 0, count: 4)))
        let means = pooled.mean([1, 2, 3]).elements(as: Double.self)
        #expect(means[1] == 0 && means[2] == 0)
        #expect(abs(means[3] - 1) < 1e-12)
        // A middle bin of 10¹² places has the map's six in it.
        #expect(means[0] >= 0 && means[0] < 1e-10)
    }

    @Test("Without regions the result is empty, and the maps' gradients are 0")
    func noRegions() {
        let (maps, _, pooler) = pyramid(.float32)
        for map in maps { map.requiresGrad = true }
        let pooled = pooler(maps, boxes: [.zeros([0, 4]), .zeros([0, 4])])
        #expect(pooled.shape == [0, 80, 5, 4])
        pooled.sum().backward()
        for map in maps { #expect(map.grad?.sumOfSquares().item() == 0) }
    }

    @Test("A region of an image that is not there ends the program")
    func wrongImage() async {
        await #expect(processExitsWith: .failure) {
            _ = RoIAlign(height: 2, width: 2)(
                [.zeros([1, 1, 4, 4])], scales: [1], boxes: .zeros([1, 4]),
                images: Tensor([Int64(1)]))
        }
    }

    @Test("Boxes change their level at sizes that are powers of 2 times the canonical one")
    func levels() {
        let sides = [0, 1, 111.9, 112, 223.9, 224, 447.9, 448, 2000]
        let boxes = Tensor(sides.flatMap { [5, 7, 5 + $0, 7 + $0] }, shape: [sides.count, 4])
        let levels = PyramidPooler(RoIAlign(height: 7, width: 7)).levels(of: boxes)
        #expect(levels.elements(as: Int64.self) == [0, 0, 0, 1, 1, 2, 2, 3, 3])
    }

    /// LibTorch reads the variable once, so that a process of its own is needed.
    @Test("The kernels for lesser processors agree too", arguments: ["default", "avx2"])
    func lesserProcessors(capability: String) async {
        await #expect(processExitsWith: .success) { [capability] in
            setenv("ATEN_CPU_CAPABILITY", capability, 1)
            #expect(Runtime.cpuCapability.lowercased() == capability)
            #expect(Runtime.instructions == (capability == "avx2" ? 1 : 0))
            let regions = RegionTests()
            try regions.definition()
            try regions.lowerPrecision(format: .contiguous)
            try regions.lowerPrecision(format: .channelsLast)
            try LossTests().focalKernel(alpha: 0.25, gamma: 2)
            try LossTests().focalKernel(alpha: -1, gamma: 1.5)
            try MaskTests().pasting()
            MatchingTests().suppression(dtype: .float32, threshold: 0.3)
            try MatchingTests().kernelMatches(dtype: .float32, count: 5000)
        }
    }
}
