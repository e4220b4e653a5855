import Detectors
import Testing
import Torch

@Suite struct SamplerTests {
    /// 30 positives, 15 ignored and 55 negatives.
    private let labels = Tensor((0..<100).map { Int64($0 % 10 < 3 ? 1 : $0 % 20 < 6 ? -1 : 0) })

    private func places(_ label: Int64) -> [Int64] {
        let labels = labels.elements(as: Int64.self)
        return labels.indices.filter { labels[$0] == label }.map(Int64.init)
    }

    private func draw(_ sampler: Sampler, _ key: SampleKey) -> (
        positives: [Int64], negatives: [Int64]
    ) {
        let drawn = sampler(labels, key: key)
        return (drawn.positives.elements(as: Int64.self), drawn.negatives.elements(as: Int64.self))
    }

    @Test("Where the limits exceed what there is, all is drawn")
    func everything() {
        let drawn = draw(Sampler(count: 200, positiveFraction: 1), SampleKey(1))
        #expect(drawn.positives == places(1))
        #expect(drawn.negatives == places(0))
    }

    @Test("Positives are limited, negatives fill up, and what is ignored is never drawn")
    func limits() {
        let drawn = draw(Sampler(count: 40, positiveFraction: 0.25), SampleKey(1))
        #expect(drawn.positives.count == 10 && Set(drawn.positives).isSubset(of: places(1)))
        #expect(drawn.negatives.count == 30 && Set(drawn.negatives).isSubset(of: places(0)))
        #expect(drawn.positives == drawn.positives.sorted())
        #expect(drawn.negatives == drawn.negatives.sorted())
        let few = draw(Sampler(count: 70, positiveFraction: 0.5), SampleKey(1))
        #expect(few.positives.count == 30 && few.negatives.count == 40)
    }

    @Test("Equal keys draw the same, other keys something else")
    func keys() {
        let sampler = Sampler(count: 40, positiveFraction: 0.25)
        #expect(draw(sampler, SampleKey(1, 2)) == draw(sampler, SampleKey(1).appending(2)))
        #expect(draw(sampler, SampleKey(1, 2)) != draw(sampler, SampleKey(2, 1)))
        #expect(draw(sampler, SampleKey(1, 2)) != draw(sampler, SampleKey(1, 2, 0)))
    }

    @Test("Each of them has the same chance")
    func fairness() {
        let sampler = Sampler(count: 20, positiveFraction: 0.5)
        var counts = [Int64: Int]()
        let rounds = 3000
        for round in 0..<rounds {
            let drawn = draw(sampler, SampleKey(7, UInt64(round)))
            for place in drawn.positives + drawn.negatives { counts[place, default: 0] += 1 }
        }
        // Five standard deviations of a binomial count.
        for (label, chance) in [(Int64(1), 10.0 / 30), (0, 10.0 / 55)] {
            let deviation = (Double(rounds) * chance * (1 - chance)).squareRoot()
            for place in places(label) {
                let excess = Double(counts[place] ?? 0) - Double(rounds) * chance
                #expect(abs(excess) < 5 * deviation)
            }
        }
    }

    @Test("Any other label than −1 and the negative one is positive: the classes of a box head")
    func classes() {
        let drawn = Sampler(count: 10, positiveFraction: 0.5)(
            Tensor([Int64]([80, 3, 80, 0, -1, 79])), negativeLabel: 80, key: SampleKey(1))
        #expect(drawn.positives.elements(as: Int64.self) == [1, 3, 5])
        #expect(drawn.negatives.elements(as: Int64.self) == [0, 2])
    }

    @Test("Anchors of a picture are matched and drawn with their truths")
    func anchors() {
        let anchors = Tensor([0.0, 0, 10, 10, 100, 100, 120, 120, 50, 50, 60, 60], shape: [3, 4])
        let truths = Tensor([200.0, 200, 210, 210, 51, 50, 60, 60], shape: [2, 4])
        let sample = AnchorSample.of(anchors: anchors, truths: truths, key: SampleKey(1))
        #expect(sample.positives.elements(as: Int64.self) == [2])
        #expect(sample.negatives.elements(as: Int64.self) == [0, 1])
        #expect(sample.truths.elements(as: Double.self) == [51, 50, 60, 60])
        let none = AnchorSample.of(
            anchors: anchors, truths: .zeros([0, 4], dtype: .float64), key: SampleKey(1))
        #expect(none.positives.count == 0 && none.negatives.count == 3)
        #expect(none.truths.shape == [0, 4])
    }
}
