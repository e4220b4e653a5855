import Testing
import Torch
import TorchNN

@Suite("The mean of a module's weights")
struct WeightAverageTests {
    private func norm(_ value: Double) -> BatchNorm2d {
        let norm = BatchNorm2d(2)
        withoutGrad {
            for tensor in [norm.weight, norm.bias, norm.runningMean, norm.runningVar] {
                tensor.copy(from: Tensor([Float(value), Float(-value)]))
            }
            norm.numBatchesTracked.copy(from: Tensor([Int64(value * 100)], shape: []))
        }
        return norm
    }

    private func update(_ average: WeightAverage, _ share: Double) {
        average.update(share: Tensor([Float(share)]))
    }

    @Test("follows parameters and running statistics alike, and copies counters")
    func follows() throws {
        let source = norm(1)
        let average = try WeightAverage(
            of: source, in: BatchNorm2d(2), options: WeightAverage.Options(decay: 0.5))
        var expected = 1.0
        for (value, share) in [(2.0, 0.25), (4, 0.5), (-8, 0.125)] {
            withoutGrad {
                for (tensor, new) in zip(source.stateDict(), norm(value).stateDict()) {
                    tensor.tensor.copy(from: new.tensor)
                }
            }
            update(average, share)
            expected += (value - expected) * share
        }
        for entry in average.module.stateDict() {
            let values = entry.tensor.to(.float64).elements(as: Double.self)
            #expect(
                values == (entry.name == "num_batches_tracked" ? [-800] : [expected, -expected]),
                "\(entry.name)")
        }
        #expect(source.weight.elements(as: Float.self) == [-8, 8])
    }

    @Test(
        "keeps a share of itself that grows to its decay",
        arguments: [(0, 0.9), (1, 9 / 11.0), (89, 9 / 99.0), (990, 0.01), (100_000, 0.01)])
    func share(_ step: Int, _ share: Double) {
        let found = WeightAverage.Options(decay: 0.99)
            .share(at: TrainingProgress(epoch: 0, step: step, totalSteps: 1))
        #expect(abs(found - share) < 1e-12)
    }

    @Test("is not made of modules of two kinds")
    func otherKind() {
        #expect(throws: StateDictError.self) {
            try WeightAverage(
                of: norm(1), in: BatchNorm2d(3), options: WeightAverage.Options(decay: 0.9))
        }
    }
}
