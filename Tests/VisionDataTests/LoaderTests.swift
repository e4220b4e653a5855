import Basics
import Testing
import Torch
import TorchNN

@testable import VisionData

/// Seven images of 3 × 6 × 5 pixels whose bytes all differ from their neighbours'.
private let height = 6
private let width = 5
private let pixels = (0..<(7 * 3 * height * width)).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
private let labels: [UInt8] = [3, 1, 4, 1, 5, 9, 2]

private let images = ImageSet(
    pixels: pixels, labels: labels, height: height, width: width, classCount: 10)

/// Leaves the bytes as they are, so that they can be compared exactly.
private let identity = Normalization(
    mean: [0, 0, 0], deviation: [1.0 / 255, 1.0 / 255, 1.0 / 255])

private func byte(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Float {
    Float(pixels[((image * 3 + channel) * height + row) * width + column])
}

private func makeLoader(
    positions: [Int64]? = nil, augmentation: Augmentation = .none, batchSize: Int = 3,
    seed: UInt64 = 1
) -> TrainingLoader {
    TrainingLoader(
        images, positions: positions, normalization: identity, augmentation: augmentation,
        batchSize: batchSize, seed: seed)
}

private func order(_ loader: TrainingLoader, epoch: Int) -> [Int64] {
    let draws = loader.epoch(epoch)
    return (0..<loader.batchCount).flatMap {
        loader.batch($0, of: draws).indices.elements(as: Int64.self)
    }
}

@Suite("Loaders")
struct LoaderTests {
    @Test("An epoch visits every position once, the last batch holding the rest")
    func permutation() {
        let loader = makeLoader(positions: [0, 2, 3, 5, 6])
        #expect(loader.imageCount == 5)
        #expect(loader.batchCount == 2)
        for epoch in 0..<5 { #expect(order(loader, epoch: epoch).sorted() == [0, 2, 3, 5, 6]) }
        let draws = loader.epoch(0)
        #expect(loader.batch(0, of: draws).images.shape == [3, 3, height, width])
        #expect(loader.batch(1, of: draws).images.shape == [2, 3, height, width])
    }

    @Test("Order and augmentation are a function of seed and epoch")
    func reproducibility() {
        let augmentation = Augmentation(cropPadding: 2, flips: true)
        func bytes(_ seed: UInt64, _ epoch: Int) -> [[UInt8]] {
            let loader = makeLoader(augmentation: augmentation, seed: seed)
            let draws = loader.epoch(epoch)
            // Batches in reverse: what comes before a batch must not matter.
            return (0..<loader.batchCount).reversed().map {
                loader.batch($0, of: draws).images.bytes()
            }
        }
        #expect(bytes(1, 0) == bytes(1, 0))
        #expect(bytes(1, 4) == bytes(1, 4))
        #expect(bytes(1, 0) != bytes(1, 1))
        #expect(bytes(1, 0) != bytes(2, 0))
        let augmented = makeLoader(augmentation: augmentation, seed: 1)
        #expect(order(makeLoader(seed: 1), epoch: 0) == order(augmented, epoch: 0))
    }

    @Test("Each image comes with its label and bytes")
    func pairing() {
        let loader = makeLoader()
        let draws = loader.epoch(2)
        for index in 0..<loader.batchCount {
            let batch = loader.batch(index, of: draws)
            let positions = batch.indices.elements(as: Int64.self).map { Int($0) }
            #expect(
                batch.targets.elements(as: Int64.self) == positions.map { Int64(labels[$0]) })
            expectImages(batch.images, positions) { byte($0, $1, $2, $3) }
        }
    }

    @Test(
        "Crops and flips are those of each image by itself",
        arguments: [
            Augmentation(cropPadding: 2, flips: true), Augmentation(cropPadding: 0, flips: true),
            Augmentation(cropPadding: 1, flips: false),
        ])
    func augmentation(_ augmentation: Augmentation) {
        let loader = makeLoader(augmentation: augmentation, batchSize: 7, seed: 9)
        let batch = loader.batch(0, of: loader.epoch(3))
        let positions = batch.indices.elements(as: Int64.self).map { Int($0) }
        var random = CounterRandom(9, 2, 3)
        let draws = Dictionary(
            uniqueKeysWithValues: positions.map { ($0, augmentation.draw(using: &random)) })
        expectImages(batch.images, positions) { image, channel, row, column in
            guard let draw = draws[image] else { return .nan }
            let sourceRow = draw.top - augmentation.cropPadding + row
            let cropColumn = draw.isFlipped ? width - 1 - column : column
            let sourceColumn = draw.left - augmentation.cropPadding + cropColumn
            let isInside =
                (0..<height).contains(sourceRow) && (0..<width).contains(sourceColumn)
            return isInside ? byte(image, channel, sourceRow, sourceColumn) : 0
        }
    }

    @Test("Crops reach every offset, and half of the images are flipped")
    func drawnRange() {
        let augmentation = Augmentation(cropPadding: 2, flips: true)
        var random = CounterRandom(5)
        let draws = (0..<4000).map { _ in augmentation.draw(using: &random) }
        #expect(Set(draws.map(\.top)) == Set(0...4))
        #expect(Set(draws.map(\.left)) == Set(0...4))
        // Six standard deviations of a fair coin.
        #expect(abs(draws.count(where: \.isFlipped) - 2000) < 190)
    }

    @Test("Normalisation subtracts the mean and divides by the deviation, channel by channel")
    func normalization() {
        let loader = EvaluationLoader(
            images, positions: [4], normalization: .cifar100, batchSize: 1)
        for batch in loader {
            let values = batch.images.elements(as: Float.self)
            for channel in 0..<3 {
                let mean = Normalization.cifar100.mean[channel]
                let deviation = Normalization.cifar100.deviation[channel]
                for row in 0..<height {
                    for column in 0..<width {
                        let value = Double(byte(4, channel, row, column))
                        let expected = (value / 255 - mean) / deviation
                        let found = values[(channel * height + row) * width + column]
                        #expect(abs(Double(found) - expected) < 1e-6)
                    }
                }
            }
        }
    }

    @Test("Evaluation takes every image in order")
    func evaluationOrder() {
        let loader = EvaluationLoader(images, normalization: identity, batchSize: 4)
        #expect(loader.imageCount == 7)
        var seen: [Int64] = []
        for batch in loader {
            let first = seen.count
            seen += batch.targets.elements(as: Int64.self)
            expectImages(batch.images, Array(first..<seen.count)) { byte($0, $1, $2, $3) }
        }
        #expect(seen == labels.map { Int64($0) })
    }

    @Test("A validation split parts the images, the same way for the same seed")
    func split() {
        let (training, validation) = validationSplit(holdingOut: 30, of: 100, seed: 7)
        #expect(training.count == 70)
        #expect(validation.count == 30)
        #expect((training + validation).sorted() == Array(0..<100))
        #expect(training == training.sorted())
        #expect(validation == validation.sorted())
        #expect(validationSplit(holdingOut: 30, of: 100, seed: 7).validation == validation)
        #expect(validationSplit(holdingOut: 30, of: 100, seed: 8).validation != validation)
        #expect(validationSplit(holdingOut: 0, of: 5, seed: 7).training == [0, 1, 2, 3, 4])
    }

    /// Expects each pixel of a batch to be what a rule makes of image, channel, row and column.
    private func expectImages(
        _ batch: Tensor, _ positions: [Int], sourceLocation: SourceLocation = #_sourceLocation,
        rule: (Int, Int, Int, Int) -> Float
    ) {
        let expected = positions.flatMap { image in
            (0..<3).flatMap { channel in
                (0..<height).flatMap { row in
                    (0..<width).map { rule(image, channel, row, $0) }
                }
            }
        }
        let found = batch.elements(as: Float.self)
        #expect(found.count == expected.count, sourceLocation: sourceLocation)
        // x / 255 · 255 may be off by a rounding.
        #expect(
            zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 },
            sourceLocation: sourceLocation)
    }
}
