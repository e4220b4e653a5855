import Foundation
import TensorFiles
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
                    == "Error: the loss term 'total' is inf at the first step. Expected a finite "
                    + "number. Nothing has been learned yet, so the learning rate is not the "
                    + "cause. Lower the terms' weights in method.", "\(weight.errors)")
            // The folder holds nothing yet, so that the advice can be followed in it.
            let lowered = try workshop.run(
                workshop.distill(to: output) + ["--set", "method.review.weight=1"])
            #expect(lowered.status == 0, "\(lowered.errors)")
            #expect(try workshop.read(output + "/recipe.yaml").contains(Data("weight: 1.0".utf8)))
        }

        @Test("blames the student's weights where a file gave them")
        func studentWeights() throws {
            let file = try WeightFile.read(
                path: workshop.url(workshop.reference + "/student-last.safetensors").path)
            let huge = file.entries.map { entry in
                var entry = entry
                guard entry.name == "fc.weight" else { return entry }
                let number = withUnsafeBytes(of: Float(3e38).bitPattern.littleEndian) { Data($0) }
                entry.bytes = (0..<(entry.bytes.count / 4)).reduce(into: Data()) { all, _ in
                    all += number
                }
                return entry
            }
            let path = workshop.fresh("huge") + ".safetensors"
            try workshop.write(try Safetensors.encode(entries: huge), to: path)
            let output = workshop.fresh("first")
            let train = [
                "train", "pair.yaml", "--data", "data", "--output", output, "--quiet",
                "--max-steps", "1",
            ]
            let outcome = try workshop.run(train + ["--student-weights", path])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains("the loss term 'cross_entropy' is nan at the first step"),
                "\(outcome.errors)")
            #expect(outcome.sentence.contains("The numbers in --student-weights are too large"))
            let resumed = try workshop.run(train + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
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
