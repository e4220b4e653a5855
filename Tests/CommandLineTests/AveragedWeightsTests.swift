import Foundation
import TensorFiles
import Testing

extension CommandLineSuite {
    @Suite("The averaged student")
    struct AveragedWeightsTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private func distill(_ output: String, _ more: [String] = []) throws {
            let outcome = try workshop.run(
                workshop.distill(to: output) + [
                    "--set", "ema.decay=0.8", "--set", "label_smoothing=0.1", "--set",
                    "validation.split=8", "--threads", "1",
                ] + more)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }

        @Test("is kept beside the student, is judged after each epoch, and is what its file gives")
        func kept() throws {
            let output = workshop.fresh("averaged")
            let outcome = try workshop.run(
                workshop.distill(to: output).filter { $0 != "--quiet" } + [
                    "--set", "ema.decay=0.8", "--set", "validation.split=8",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("\(output)/student-ema.safetensors"))
            #expect(outcome.errors.contains("  averaged "))
            let metrics = try workshop.metrics(output)
            #expect(metrics.count == 2)
            for line in metrics {
                for images in ["validation", "test"] {
                    let scores = try #require(line[images] as? [String: Any])
                    #expect(
                        scores.keys.sorted() == [
                            "count", "ema_loss", "ema_top1", "ema_top5", "loss", "top1", "top5",
                        ])
                }
            }
            let last = try #require(metrics[1]["test"] as? [String: Double])
            for (file, prefix) in [("ema", "ema_"), ("last", "")] {
                let judged = try workshop.run([
                    "evaluate", "\(output)/student-\(file).safetensors", "--model", "resnet8",
                    "--dataset", "cifar100", "--data", "data", "--json",
                ]).json()
                let loss = try #require(judged["loss"] as? Double)
                let recorded = try #require(last[prefix + "loss"])
                #expect(abs(loss / recorded - 1) < 1e-6, "\(file)")
            }
            let files = try ["ema", "last"].map {
                try WeightFile.read(
                    path: workshop.url("\(output)/student-\($0).safetensors").path)
            }
            #expect(files[0].entries.map(\.name) == files[1].entries.map(\.name))
            for (mean, own) in zip(files[0].entries, files[1].entries) {
                // Running statistics are averaged as the weights are; counters are the student's.
                #expect(
                    (mean.bytes == own.bytes) == own.name.hasSuffix("num_batches_tracked"),
                    "\(own.name)")
            }
        }

        @Test("is the same to the bit after a run that was stopped and resumed")
        func resumed() throws {
            let whole = workshop.fresh("whole")
            try distill(whole)
            let stopped = workshop.fresh("stopped")
            try distill(stopped, ["--max-steps", "2"])
            #expect(workshop.exists(stopped + "/student-ema.safetensors"))
            try distill(stopped, ["--max-steps", "5", "--resume"])
            try distill(stopped, ["--resume"])
            for file in ["student-ema", "student-last", "student-best"] {
                let path = "/\(file).safetensors"
                #expect(try workshop.read(whole + path) == workshop.read(stopped + path), "\(file)")
            }
        }

        @Test("does not change what the student learns")
        func independent() throws {
            let output = workshop.fresh("with")
            let outcome = try workshop.run(
                workshop.distill(to: output) + ["--set", "ema.decay=0.8"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let path = "/student-last.safetensors"
            #expect(try workshop.read(output + path) == workshop.read(workshop.reference + path))
            #expect(!workshop.exists(workshop.reference + "/student-ema.safetensors"))
        }
    }
}
