import Testing

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("The length of a run")
struct RunLengthTests {
    @Test(
        "counts each image of an epoch once, whatever the batches hold",
        arguments: [(33, 32), (32, 32), (5, 64), (1, 1), (20, 8), (50_000, 64)])
    func images(perEpoch: Int, batchSize: Int) {
        let length = RunLength(imagesPerEpoch: perEpoch, batchSize: batchSize, epochs: 3)
        var seen = 0
        var step = 0
        for _ in 0..<3 {
            for start in stride(from: 0, to: perEpoch, by: batchSize) {
                #expect(length.images(after: step) == seen)
                seen += min(batchSize, perEpoch - start)
                step += 1
            }
        }
        #expect(length.steps == step)
        #expect(length.images(after: step) == 3 * perEpoch)
        #expect(length.images(in: (step - 1)..<step) == (perEpoch - 1) % batchSize + 1)
    }

    @Test("does not overflow at the largest numbers that a recipe may have")
    func largest() {
        let length = RunLength(
            imagesPerEpoch: 1_000_000, batchSize: 1, epochs: Recipe.largestNumber)
        #expect(length.steps == 1_000_000_000_000_000)
        let wide = RunLength(
            imagesPerEpoch: 1_000_000, batchSize: Recipe.largestNumber,
            epochs: Recipe.largestNumber)
        #expect(wide.images(after: wide.steps) == 1_000_000_000_000_000)
    }
}
