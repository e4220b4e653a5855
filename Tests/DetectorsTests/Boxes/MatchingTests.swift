import CDetection
import Testing
import Torch
import TorchTestSupport

@testable import Detectors

/// Matching, sampling and suppression beyond detectron2's golden values.
@Suite struct MatchingTests {
    /// Boxes around random places, some of them empty, some the same.
    private func boxes(_ key: Int, _ count: Int, dtype: DType = .float32) -> Tensor {
        let numbers = Tensor.hashed(key, shape: [count, 4])
        let corner = (numbers.narrow(1, 0..<2) * 100 + 100).floor()
        let sides = (numbers.narrow(1, 2..<4) * 24 + 22).floor()
        return Tensor.concatenate([corner, corner + sides], dimension: 1).to(dtype)
    }

    @Test(
        "The kernel's matches are those of the table of all overlaps",
        arguments: [DType.float32, .float64], [1, 17, 1023, 1024, 5000])
    func kernelMatches(dtype: DType, count: Int) throws {
        let truths = boxes(81, 13, dtype: dtype)
        let predictions = boxes(82, count, dtype: dtype)
        for matcher in [Matcher.proposals, .boxHead, .retinaNet] {
            let found = try #require(
                matcher.matchedByKernel(truths: truths, predictions: predictions))
            let expected = matcher(Boxes.pairwiseIoU(truths, predictions))
            #expect(
                found.labels.elements(as: Int64.self) == expected.labels.elements(as: Int64.self))
            #expect(
                found.truths.elements(as: Int64.self) == expected.truths.elements(as: Int64.self))
        }
    }

    @Test("A truth that overlaps no anchor matches none, and leaves the others as they are")
    func strangers() {
        let truths = Tensor([0.0, 0, 10, 10, 500, 500, 500, 500], shape: [2, 4])
        let anchors = Tensor([0.0, 0, 10, 10, 20, 20, 30, 30, 0, 0, 6, 10], shape: [3, 4])
        let matches = Matcher.proposals.match(truths: truths, predictions: anchors)
        #expect(matches.labels.elements(as: Int64.self) == [1, 0, -1])
    }

    @Test(
        "Suppression keeps what its definition keeps, by kernel and by operators",
        arguments: [DType.float32, .float64], [0.0, 0.3, 0.7, 1])
    func suppression(dtype: DType, threshold: Double) {
        let count = 700
        let some = boxes(83, count, dtype: dtype) - Tensor.full([], 60, dtype: dtype)
        // Few different scores, so that many are equal.
        let scores = (Tensor.hashed(84, shape: [count]) * 20).floor().to(dtype)
        let classes = Tensor((0..<count).map { Int64($0 % 3) - 1 })
        let wide = some.to(.float64).elements(as: Double.self)
        let expected = exactlyKept(
            (0..<count).map { Array(wide[(4 * $0)..<(4 * $0 + 4)]) },
            scores.to(.float64).elements(as: Double.self),
            classes.elements(as: Int64.self).map(Int.init),
            dtype == .float32 ? Double(Float(threshold)) : threshold)
        let kernel = nonMaximumSuppression(
            boxes: some, scores: scores, classes: classes, threshold: threshold)
        #expect(kernel.elements(as: Int64.self).map(Int.init) == expected)
        let operators = suppressedByOperators(some, scores, classes, threshold)
        #expect(operators.elements(as: Int64.self).map(Int.init) == expected)
    }

    @Test("A long chain of boxes, each of which removes the next, is resolved")
    func chain() {
        // Each overlaps its neighbours by 0.6, and those beyond them by 0.33.
        let boxes = Tensor(
            (0..<40).flatMap { [Double($0), 0, Double($0) + 4, 4] }, shape: [40, 4])
        let scores = Tensor((0..<40).map { Double(40 - $0) })
        let expected = (0..<20).map { Int64(2 * $0) }
        let kernel = nonMaximumSuppression(boxes: boxes, scores: scores, threshold: 0.5)
        #expect(kernel.elements(as: Int64.self) == expected)
        let operators = suppressedByOperators(boxes, scores, nil, 0.5)
        #expect(operators.elements(as: Int64.self) == expected)
    }

    @Test("The largest scores come in falling order, equal ones by their numbers, NaN last")
    func order() {
        let scores = Tensor([1.0, .nan, 3, 3, -.infinity, 3, .infinity, .nan, 1])
        let falling: [Int64] = [6, 2, 3, 5, 0, 8, 4, 1, 7]
        for count in [0, 3, 5, 9, 20] {
            let found = indicesOfLargest(scores, atMost: count).elements(as: Int64.self)
            #expect(found == Array(falling.prefix(count)))
            let low = indicesOfLargest(scores.to(.bfloat16), atMost: count)
            #expect(low.elements(as: Int64.self) == found)
        }
        #expect(orderedByOperators(scores).elements(as: Int64.self) == falling)
    }

    @Test("Each instruction set, and any number of threads, keeps the same boxes and matches")
    func instructions() {
        let some = boxes(85, 3000)
        let scores = Tensor.hashed(86, shape: [3000], dtype: .float32)
        let classes = Tensor((0..<3000).map { Int64($0 % 5) })
        let thresholds = [0.3, 0.7]
        let labels: [Int64] = [0, -1, 1]
        var results: [[Int64]] = []
        for instructions in 0...Runtime.instructions {
            for threads in [Int32(1), 2, 5] {
                let means = cd_means(threads: threads, instructions: instructions)
                let kept = BoxKernels.integers(3000) { kept in
                    Int(
                        cd_suppress(
                            CD_FLOAT32, some.address(), scores.address(),
                            classes.address()?.assumingMemoryBound(to: Int64.self), 3000, 0.4,
                            means, kept))
                }
                let matched = BoxKernels.integers(6000) { matches in
                    var matcher = cd_matcher()
                    thresholds.withUnsafeBufferPointer { thresholds in
                        labels.withUnsafeBufferPointer { labels in
                            matcher = cd_matcher(
                                thresholds: thresholds.baseAddress, labels: labels.baseAddress,
                                threshold_count: 2, allows_low_quality: true)
                            cd_match(
                                CD_FLOAT32, some.address(), 30, some.address(), 3000, &matcher,
                                means, matches, matches + 3000)
                        }
                    }
                    return 6000
                }
                results.append(
                    kept.elements(as: Int64.self) + matched.elements(as: Int64.self))
            }
        }
        for result in results { #expect(result == results[0]) }
    }
}
