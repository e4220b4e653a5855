import Testing
import VisionData

@Suite("A share")
struct ShareTests {
    @Test(
        "of training takes every image of an epoch once, as many of each batch as there can be",
        arguments: [(20, 8, 2), (20, 8, 3), (17, 8, 2), (7, 7, 7), (100, 13, 4)])
    func training(_ images: Int, _ batchSize: Int, _ size: Int) {
        let order = Array(0..<images).reversed().map { $0 }
        let shares = (0..<size).map { rank in
            Share(rank: rank, size: size).training(of: order, batchSize: batchSize)
        }
        var starts = Array(repeating: 0, count: size)
        for start in stride(from: 0, to: images, by: batchSize) {
            let batch = order[start..<min(start + batchSize, images)]
            var seen: [Int] = []
            for rank in 0..<size {
                let count = Share(rank: rank, size: size).count(of: batch.count)
                let part = shares[rank][starts[rank]..<(starts[rank] + max(1, count))]
                starts[rank] += max(1, count)
                // A stand-in counts nothing.
                if count > 0 { seen += part } else { #expect(part.first == batch.first) }
            }
            #expect(seen.sorted() == batch.sorted())
        }
        #expect(starts == shares.map(\.count))
    }

    @Test("of an evaluation has whole batches, and all together every image once")
    func evaluation() {
        let images = Array(0..<23)
        let shares = (0..<3).map { Share(rank: $0, size: 3).evaluation(of: images, batchSize: 5) }
        #expect(shares[0] == Array(0..<5) + Array(15..<20))
        #expect(shares[1] == Array(5..<10) + Array(20..<23))
        #expect(shares[2] == Array(10..<15))
        #expect(Share.whole.evaluation(of: images, batchSize: 5) == images)
    }
}
