import Basics
import Distillation
import Foundation
import Testing
import Torch
import TorchNN

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("Metrics")
struct MetricsTests {
    /// Two images, the first of them recognised.
    private func add(
        _ values: (review: Double, crossEntropy: Double), to metrics: inout TrainingMetrics
    ) {
        var terms = LossTerms(measures: [("top1", Tensor([100.0], shape: []))])
        terms.add("review", Tensor([Float(values.review)], shape: []))
        terms.add("cross_entropy", Tensor([Float(values.crossEntropy)], shape: []))
        metrics.add(
            terms, total: terms.total(weights: [0.5, 1]), count: 2)
    }

    @Test("are the means over the images: terms unweighted, the total weighted")
    func means() {
        var metrics = TrainingMetrics()
        add((review: 4, crossEntropy: 2), to: &metrics)
        add((review: 8, crossEntropy: 1), to: &metrics)
        #expect(metrics.imageCount == 4)
        #expect(
            metrics.means == ["review": 6, "cross_entropy": 1.5, "total": 4.5, "top1": 50])
    }

    @Test("go on from a checkpoint as if nothing had been, whatever the order of its tensors")
    func resumed() {
        var alone = TrainingMetrics()
        add((review: 4, crossEntropy: 2), to: &alone)
        // Copies, as a file would give them.
        let saved = alone.stateDict().map { NamedTensor($0.name, $0.tensor.clone()) }
        var resumed = TrainingMetrics(stateDict: saved.reversed())
        for _ in 0..<2 {
            #expect(resumed.means == alone.means)
            #expect(resumed.imageCount == alone.imageCount)
            add((review: 8, crossEntropy: 1), to: &alone)
            add((review: 8, crossEntropy: 1), to: &resumed)
        }
        #expect(resumed.means == alone.means)
    }

    @Test("name the images whose loss is no number")
    func notFinite() {
        var record = EpochRecord(
            epoch: 1, step: 1, learningRate: 0.1, seconds: 1, imagesPerSecond: 1,
            peakMemoryBytes: 1, train: ["a": 1, "b": .infinity], validation: nil,
            test: Scores(count: 1, ["loss": .nan, "top1": 0, "top5": 0]))
        #expect(record.notFinite?.images == "training")
        record.train["b"] = 0
        #expect(record.notFinite?.images == "test")
        record.test?["loss"] = 0
        #expect(record.notFinite == nil)
    }

    @Test("are one line of JSON an epoch, with the documented keys")
    func line() throws {
        let record = EpochRecord(
            epoch: 2, step: 8, learningRate: 0.25, seconds: 1.5, imagesPerSecond: 32,
            peakMemoryBytes: 1024, train: ["total": 0.5, "top1": 50],
            validation: Scores(count: 4, ["loss": 0.5, "top1": 25, "top5": 75]), test: nil)
        try #expect(
            record.line() == #"{"epoch":2,"images_per_second":32,"learning_rate":0.25,"#
                + #""peak_memory_bytes":1024,"seconds":1.5,"step":8,"#
                + #""train":{"top1":50,"total":0.5},"#
                + #""validation":{"count":4,"loss":0.5,"top1":25,"top5":75}}"#)
    }
}
