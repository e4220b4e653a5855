import Foundation
import TensorFiles
import Testing

extension WholeRunsSuite {
    @Suite("--new-classifier")
    struct NewClassifierTests {
        private let workshop: Workshop

        /// A recipe and data of ten classes.
        private let recipe: String
        private let data: String

        init() throws {
            workshop = try Workshop.shared()
            recipe = workshop.fresh("ten") + ".yaml"
            data = workshop.fresh("ten")
            let text = Workshop.recipe.replacing("cifar100", with: "cifar10")
                .replacing("epochs: 2", with: "epochs: 1")
            try workshop.write(Data(text.utf8), to: recipe)
            let names = (1...5).map { "data_batch_\($0)" } + ["test_batch"]
            for (seed, name) in zip(UInt64(1)..., names) {
                try workshop.write(
                    SmallData.records(8, seed: seed, labels: [10]),
                    to: "\(data)/cifar-10-batches-bin/\(name).bin")
            }
        }

        private func train(_ output: String, _ more: String...) throws -> Outcome {
            try workshop.run(
                [
                    "train", recipe, "--model", "resnet14", "--data", data, "--output", output,
                ] + more)
        }

        private func weights(_ run: String) throws -> [String: TensorEntry] {
            let path = workshop.url(run).path
            let file = try WeightFile.read(
                path: run.hasSuffix(".safetensors") ? path : path + "/student-last.safetensors")
            return Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0) })
        }

        private func distance(_ one: TensorEntry?, _ other: TensorEntry?) throws -> Float {
            let (one, other) = (try #require(one), try #require(other))
            try #require(one.shape == other.shape)
            func numbers(_ entry: TensorEntry) -> [Float] {
                entry.bytes.withUnsafeBytes { bytes in
                    (0..<(bytes.count / 4)).map {
                        bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
                    }
                }
            }
            return zip(numbers(one), numbers(other)).map { abs($0 - $1) }.max() ?? 0
        }

        @Test("from a teacher of 100 classes to a student of ten, end to end")
        func endToEnd() throws {
            // Its weights of 100 classes are refused by name, and nothing is written.
            let output = workshop.fresh("tuned")
            let refused = try train(output, "--student-weights", workshop.teacher)
            #expect(refused.status == 1)
            #expect(
                refused.sentence.contains(
                    "they are for 100 classes, expected 10; give --new-classifier too, which keeps all "
                        + "but the last layer"))
            #expect(!workshop.exists(output + "/student-last.safetensors"))

            // With it the run goes through, and says what it did.
            let tuned = try train(
                output, "--student-weights", workshop.teacher, "--new-classifier")
            #expect(tuned.status == 0, "\(tuned.errors)")
            #expect(
                tuned.errors.contains(
                    "\(workshop.teacher): left out the last layer (fc.weight, fc.bias), which is for 100 "
                        + "classes; that of the student is new"))
            #expect(try weights(output)["fc.weight"]?.shape == [10, 64])
            let again = try train(
                output, "--student-weights", workshop.teacher, "--new-classifier", "--resume")
            #expect(again.status == 0 && again.output.contains("holds a finished run"))

            // The teacher of 100 classes cannot teach ten, the tuned one can.
            let student = workshop.fresh("student")
            func distill(_ teacher: String, _ more: String...) throws -> Outcome {
                try workshop.run(
                    [
                        "distill", recipe, "--teacher", teacher, "--data", data, "--output",
                        student,
                    ] + more)
            }
            let untaught = try distill(workshop.teacher)
            #expect(untaught.status == 1)
            #expect(
                untaught.sentence.contains(
                    "they are for 100 classes, expected 10; give weights trained on this data set; "
                        + "`reviewkd train` makes them of these with --student-weights FILE "
                        + "--new-classifier"))
            let taught = try distill(output + "/student-last.safetensors")
            #expect(taught.status == 0, "\(taught.errors)")

            for (file, model) in [(output, "resnet14"), (student, "resnet8")] {
                let judged = try workshop.run([
                    "evaluate", "\(file)/student-last.safetensors", "--model", model, "--dataset",
                    "cifar10", "--data", data, "--json",
                ])
                try #expect(judged.json()["count"] as? Int == 8)
            }
            let judged = try workshop.run([
                "evaluate", workshop.teacher, "--model", "resnet14", "--dataset", "cifar10",
                "--data",
                data,
            ])
            #expect(judged.status == 1)
            #expect(judged.sentence.contains("--new-classifier"))
        }

        @Test("keeps every other layer, and draws the last one from the seed of the run")
        func layers() throws {
            let still = ["--set", "optimizer.learning_rate=1e-12", "--max-steps", "1"]
            func run(_ more: [String]) throws -> [String: TensorEntry] {
                let output = workshop.fresh("still")
                let outcome = try workshop.run(
                    [
                        "train", recipe, "--model", "resnet14", "--data", data, "--output",
                        output,
                    ] + still + more)
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try weights(output)
            }
            let flags = ["--student-weights", workshop.teacher, "--new-classifier"]
            let teacher = try weights(workshop.teacher)
            let kept = try run(flags)
            let other = try run(flags + ["--seed", "1"])
            let fresh = try run([])
            for (name, entry) in kept where !name.hasPrefix("fc.") && !name.contains("_") {
                #expect(try distance(entry, teacher[name]) < 1e-6, "\(name)")
            }
            #expect(try distance(kept["fc.weight"], fresh["fc.weight"]) < 1e-6)
            #expect(try distance(kept["fc.weight"], other["fc.weight"]) > 1e-3)
            #expect(try distance(kept["conv1.weight"], fresh["conv1.weight"]) > 1e-3)
        }

        @Test("draws a new last layer where the numbers of classes are the same, too")
        func sameClasses() throws {
            let output = workshop.fresh("same")
            let outcome = try workshop.run([
                "train", "pair.yaml", "--model", "resnet14", "--data", "data", "--output", output,
                "--student-weights", workshop.teacher, "--new-classifier", "--set",
                "optimizer.learning_rate=1e-12", "--max-steps", "1",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let (own, teacher) = (try weights(output), try weights(workshop.teacher))
            #expect(try distance(own["fc.weight"], teacher["fc.weight"]) > 1e-3)
            #expect(try distance(own["conv1.weight"], teacher["conv1.weight"]) < 1e-6)
        }

        @Test("is wrong without --student-weights, and no help for another model")
        func wrong() throws {
            let alone = try train(workshop.fresh("wrong"), "--new-classifier")
            #expect(alone.status == 64)
            #expect(
                alone.errors.contains(
                    "--new-classifier keeps all but the last layer of --student-weights, which is not given"
                ))
            let other = try train(
                workshop.fresh("wrong"), "--student-weights",
                workshop.reference + "/student-last.safetensors", "--new-classifier")
            #expect(other.status == 1)
            #expect(other.sentence.contains("they are those of resnet8"))
        }
    }
}
