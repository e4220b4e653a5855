import Foundation
import TensorFiles
import Testing

extension CommandLineSuite {
    @Suite("A teacher before it teaches")
    struct TeacherCheckTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// The workshop's teacher that says one class whatever it sees.
        private func teacher(saying label: Int, strength: Float = 1) throws -> String {
            var file = try WeightFile.read(path: workshop.url(workshop.teacher).path)
            for index in file.entries.indices where file.entries[index].name.hasPrefix("fc.") {
                let count = file.entries[index].bytes.count / 4
                var values = [Float](repeating: 0, count: count)
                if file.entries[index].name == "fc.bias" {
                    values[label] = strength
                } else if strength > 1 {
                    values = values.map { _ in strength }
                }
                file.entries[index].bytes = values.withUnsafeBytes { Data($0) }
            }
            let path = workshop.fresh("teacher") + ".safetensors"
            try workshop.write(try Safetensors.encode(entries: file.entries), to: path)
            return path
        }

        /// Images whose labels take turns.
        private func data(classes: Int) throws -> String {
            let folder = workshop.fresh("data")
            for (file, count, seed) in [("train", 32, UInt64(1)), ("test", 16, 2)] {
                try workshop.write(
                    SmallData.records(count, seed: seed, labels: [20, classes]),
                    to: "\(folder)/cifar-100-binary/\(file).bin")
            }
            return folder
        }

        private func lines(_ outcome: Outcome) -> [String] {
            outcome.errors.split(separator: "\n").map(String.init)
                .filter { $0.contains("the teacher ") }
        }

        @Test(
            "is measured as `evaluate` measures it, once, and the first line of the metrics has it")
        func measured() throws {
            let output = workshop.fresh("measured")
            let folder = try data(classes: 2)
            let teacher = try teacher(saying: 1)
            let evaluation = try workshop.run([
                "evaluate", teacher, "--model", "resnet14", "--dataset", "cifar100", "--data",
                folder, "--json",
            ])
            try #expect(evaluation.json()["top1"] as? Double == 50)
            let arguments = workshop.distill(to: output, teacher: teacher) + ["--data", folder]
            let outcome = try workshop.run(arguments + ["--max-steps", "2"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                lines(outcome) == [
                    "note: the teacher resnet14 is right on 50.00 % of 16 images of the test set"
                ])
            let rest = try workshop.run(arguments + ["--resume"])
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(lines(rest).isEmpty)
            let metrics = try workshop.metrics(output)
            #expect(metrics.count == 2)
            #expect(metrics[0]["teacher_top1"] as? Double == 50)
            #expect(metrics[1]["teacher_top1"] == nil)
        }

        @Test("is measured on the images held out for validation, where there are some")
        func heldOut() throws {
            let output = workshop.fresh("held-out")
            let outcome = try workshop.run(
                workshop.distill(to: output) + [
                    "--max-steps", "1", "--set", "validation.split=8",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let line = try #require(lines(outcome).first)
            #expect(line.contains("of 8 images held out for validation"), "\(line)")
        }

        @Test("that only guesses, or knows less than is published for its name, is warned of")
        func poor() throws {
            let guessing = try workshop.run(
                workshop.distill(to: workshop.fresh("poor"), teacher: teacher(saying: 99)) + [
                    "--max-steps", "1",
                ])
            #expect(guessing.status == 0, "\(guessing.errors)")
            #expect(
                lines(guessing) == [
                    "warning: the teacher resnet14 is right on 0.00 % of 16 images of the test set, "
                        + "which is less than three times what guessing gives (1.00 %). Check that its file is "
                        + "of a trained resnet14, that it was trained on cifar100 with the classes in "
                        + "the same order, and its normalization (--teacher-normalization)."
                ])
            // ResNet-56 has 72.34 % in the papers.
            let network = workshop.fresh("resnet56")
            let folder = try data(classes: 2)
            let trained = try workshop.run([
                "train", "cifar100/resnet56", "--data", folder, "--output", network,
                "--max-steps", "1", "--quiet", "--set", "batch_size=8", "--precision", "float32",
            ])
            #expect(trained.status == 0, "\(trained.errors)")
            let weights = network + "/student-last.safetensors"
            var file = try WeightFile.read(path: workshop.url(weights).path)
            let bias = try #require(file.entries.firstIndex { $0.name == "fc.bias" })
            file.entries[bias].bytes = ([100] + [Float](repeating: 0, count: 99))
                .withUnsafeBytes { Data($0) }
            try workshop.write(try Safetensors.encode(entries: file.entries), to: weights)
            let arguments =
                workshop.distill(to: workshop.fresh("poor"), teacher: weights) + ["--data", folder]
            let known = try workshop.run(
                arguments + ["--max-steps", "1", "--set", "teacher.model=resnet56"])
            #expect(known.status == 0, "\(known.errors)")
            let line = try #require(lines(known).first)
            #expect(
                line.hasPrefix(
                    "warning: the teacher resnet56 is right on 50.00 % of 16 images of the test "
                        + "set, which is more than 5 points below the 72.34 % published for resnet56. Check"
                ),
                "\(line)")
        }

        @Test("whose outputs are no numbers is refused before the first step")
        func notFinite() throws {
            let output = workshop.fresh("infinite")
            let outcome = try workshop.run(
                workshop.distill(to: output, teacher: teacher(saying: 0, strength: 3e38)))
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "the teacher resnet14 gives infinite logits or NaN on some of 16 images"),
                "\(outcome.errors)")
            #expect(!workshop.exists(output + "/metrics.jsonl"))
        }

        @Test("takes its normalisation in numbers, which train as the name does")
        func numbers() throws {
            let output = workshop.fresh("numbers")
            let outcome = try workshop.run(
                workshop.distill(to: output) + [
                    "--teacher-normalization", "0.5070,0.4865,0.4409/0.2673,0.2564,0.2761",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let weights = "/student-last.safetensors"
            try #expect(
                workshop.read(output + weights) == workshop.read(workshop.reference + weights))
        }

        @Test("of a study is told once, and every cell's metrics have it")
        func study() throws {
            let output = workshop.fresh("study")
            let teachers = workshop.fresh("teachers")
            try workshop.write(
                workshop.read(teacher(saying: 99)), to: teachers + "/resnet14.safetensors")
            let outcome = try workshop.run(
                workshop.reproduce(
                    output, methods: "kd", also: ["--teachers", teachers, "--quiet"]))
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(lines(outcome).count == 1, "\(outcome.errors)")
            #expect(lines(outcome).first?.hasPrefix("warning: the teacher resnet14 ") == true)
            let runs = try workshop.contents(output).keys.filter { $0.hasSuffix("metrics.jsonl") }
            let first = try runs.compactMap { run in
                try workshop.metrics("\(output)/\(run.dropLast("/metrics.jsonl".count))").first
            }
            // The students alone have none.
            #expect(first.count == 4)
            #expect(first.compactMap { $0["teacher_top1"] as? Double } == [0, 0])
            #expect(first.allSatisfy { ($0["teacher"] == nil) == ($0["teacher_top1"] == nil) })
        }
    }
}
