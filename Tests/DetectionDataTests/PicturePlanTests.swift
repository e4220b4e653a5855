import Detectors
import Testing

@testable import DetectionData

/// The order of pictures, and how each is seen.
@Suite("The plan of an epoch of pictures") struct PicturePlanTests {
    /// Eleven pictures, every third of them wide.
    private static let sizes = (0..<11).map { index in
        ImageSize(height: 300, width: index % 3 == 0 ? 400 : 200 + 10 * index)
    }

    private func plan(
        seed: UInt64 = 1, epoch: Int, batchSize: Int = 2, imagesPerEpoch: Int? = nil
    ) -> [PicturePlan.Place] {
        var settings = PictureSettings()
        settings.imagesPerEpoch = imagesPerEpoch
        return PicturePlan(
            Array(Self.sizes.indices), sizes: Self.sizes, settings: settings, batchSize: batchSize,
            seed: seed, epoch: epoch
        ).places
    }

    private func isWide(_ place: PicturePlan.Place) -> Bool {
        place.view.original.width > place.view.original.height
    }

    @Test("An epoch without a length has every picture once, and another order than the next one")
    func onePass() {
        let (first, second) = (plan(epoch: 0), plan(epoch: 1))
        #expect(first.map(\.position).sorted() == Array(0..<11))
        #expect(second.map(\.position).sorted() == Array(0..<11))
        #expect(first.map(\.position) != second.map(\.position))
    }

    @Test("The plan is a function of the seed and of the epoch")
    func pure() {
        #expect(plan(epoch: 3).map(\.number) == plan(epoch: 3).map(\.number))
        #expect(plan(epoch: 3).map(\.view) == plan(epoch: 3).map(\.view))
        #expect(plan(seed: 2, epoch: 3).map(\.position) != plan(epoch: 3).map(\.position))
    }

    @Test("Epochs of a length of their own go through whole passes, one after the other")
    func endless() {
        let numbers = (0..<11).flatMap { plan(epoch: $0, imagesPerEpoch: 4) }
        let passes = Dictionary(grouping: numbers) { $0.number / 11 }
        #expect(passes.count == 4)
        for (_, pass) in passes { #expect(pass.map(\.position).sorted() == Array(0..<11)) }
    }

    @Test("All batches but the last ones are of wide pictures or of others", arguments: [2, 3])
    func aspects(_ batchSize: Int) {
        let places = plan(epoch: 0, batchSize: batchSize)
        let batches = stride(from: 0, to: places.count, by: batchSize).map {
            places[$0..<min($0 + batchSize, places.count)]
        }
        let mixed = batches.indices.filter { Set(batches[$0].map(isWide)).count > 1 }
        #expect(mixed.count <= 1)
        let full = batches.dropLast(2)
        #expect(full.allSatisfy { Set($0.map(isWide)).count == 1 })
    }

    /// detectron2's `ResizeShortestEdge`: the short edge is one of the list, the long one below its limit.
    @Test("The short edge is one of those in the settings, and each of them is drawn")
    func edges() {
        let places = (0..<20).flatMap { plan(epoch: $0) }
        let edges = Set(places.map { min($0.view.size.height, $0.view.size.width) })
        #expect(edges == Set(PictureSettings().shortEdges))
        #expect(places.allSatisfy { max($0.view.size.height, $0.view.size.width) <= 1333 })
        let flipped = places.count { $0.view.isFlipped }
        #expect((60...160).contains(flipped))
    }

    @Test("An extremely long picture keeps a pixel")
    func extreme() {
        let settings = PictureSettings()
        let size = settings.evaluationSize(of: ImageSize(height: 1, width: 3000))
        #expect(size == ImageSize(height: 1, width: 1333))
    }
}
