import Foundation
import Testing

extension CommandLineSuite {
    @Suite("A first step that is not finite")
    struct FirstStepTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("blames what the run began with, not the learning rate")
        func advice() throws {
            let output = workshop.fresh("first")
            let weight = try workshop.run(
                workshop.distill(to: output) + [
                    "--set", "method.review.weight=1e300", "--set",
                    "method.review.warmup={epochs: 0}",
                ])
            #expect(weight.status == 1)
            #expect(
                weight.sentence
                    == "Error: the loss term 'total' is inf at the first step, expected a finite "
                    + "number; nothing has been learned yet, so that the learning rate is not at "
                    + "fault: lower the terms' weights in method", "\(weight.errors)")
            let images = try workshop.run([
                "train", "pair.yaml", "--data", "data", "--output", workshop.fresh("first"),
                "--quiet", "--set",
                "dataset.normalization={mean: [0, 0, 0], std: [1e-38, 1e-38, 1e-38]}",
            ])
            #expect(images.status == 1)
            #expect(
                images.sentence.contains("the loss term 'cross_entropy' is nan at the first step"),
                "\(images.errors)")
            #expect(images.sentence.hasSuffix("check dataset.normalization"))
        }

        @Test("is none with a last batch of one image, whatever the method")
        func lastBatchOfOne() throws {
            for method in ["rkd", "reviewkd+rkd", "dist", "crd"] {
                let output = workshop.fresh("one")
                let outcome = try workshop.run(
                    workshop.distill(to: output) + [
                        "--method", method, "--set", "batch_size=31",
                    ]
                        + (method == "crd"
                            ? ["--set", "method={name: crd, crd: {negatives: 8}}"] : [])
                )
                #expect(outcome.status == 0, "\(method): \(outcome.errors)")
                #expect(try workshop.metrics(output).count == 2)
            }
        }
    }
}
