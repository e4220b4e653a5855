import Foundation
import Testing

extension CommandLineSuite {
    @Suite("An output folder")
    struct OutputFolderTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("that holds a run is refused without --resume")
        func holdsRun() throws {
            try expectRefusal(
                workshop.reference, [], ["already holds a run", "--resume", "another --output"])
        }

        @Test(
            "that belongs to another run is refused with the difference",
            arguments: [
                (["--seed", "5"], "seed: 5 was 0"),
                (["--precision", "bfloat16"], "precision: bfloat16 was float32"),
                (["--set", "batch_size=16"], "batch_size: 16 was 8"),
                (["--epochs", "3"], "epochs: 3 was 2"),
            ])
        func otherRun(change: [String], difference: String) throws {
            let outcome = try expectRefusal(
                workshop.reference, ["--resume"] + change, ["holds a run with other settings"])
            #expect(outcome.errors.contains(difference), "\(outcome.errors)")
        }

        @Test("whose run had another teacher is refused")
        func otherTeacher() throws {
            let other = workshop.fresh("other-teacher")
            let trained = try workshop.run([
                "train", "pair.yaml", "--model", "resnet14", "--seed", "3", "--data", "data",
                "--output", other, "--max-steps", "1",
            ])
            #expect(trained.status == 0)
            let before = try workshop.contents(workshop.reference)
            let outcome = try workshop.run(
                workshop.distill(
                    to: workshop.reference, teacher: other + "/student-last.safetensors")
                    + ["--resume"])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("the run was begun with another teacher"))
            #expect(outcome.sentence.contains("Give the same --teacher file"))
            try #expect(workshop.contents(workshop.reference) == before)
        }

        @Test("whose run began from other weights of the student is refused")
        func otherStudentWeights() throws {
            let before = try workshop.contents(workshop.reference)
            let outcome = try workshop.run(
                workshop.distill(to: workshop.reference) + [
                    "--resume", "--student-weights",
                    workshop.reference + "/student-last.safetensors",
                ])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "from other weights of the student. Expected no file, found a file with SHA-256"
                ),
                "\(outcome.errors)")
            try #expect(workshop.contents(workshop.reference) == before)
        }

        @Test(
            "whose run had other images is refused, at any step",
            arguments: [["--max-steps", "3"], [], ["--method", "crd"]])
        func otherImages(_ also: [String]) throws {
            let output = workshop.fresh("images")
            #expect(try workshop.run(workshop.distill(to: output) + also).status == 0)
            let data = workshop.fresh("fewer")
            try workshop.write(
                SmallData.records(16, seed: 1), to: data + "/cifar-100-binary/train.bin")
            try workshop.copy(
                "data/cifar-100-binary/test.bin", to: data + "/cifar-100-binary/test.bin")
            let before = try workshop.contents(output)
            let outcome = try workshop.run(
                workshop.distill(to: output).map { $0 == "data" ? data : $0 } + ["--resume"]
                    + also)
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains("with 32 training images, but now there are 16"),
                "\(outcome.errors)")
            try #expect(workshop.contents(output) == before)
        }

        @Test("of a finished run whose checkpoints are gone is not trained again")
        func withoutCheckpoints() throws {
            let output = workshop.fresh("finished")
            try workshop.copy(workshop.reference, to: output)
            try FileManager.default.removeItem(at: workshop.url(output + "/checkpoint"))
            let weights = try workshop.read(output + "/student-last.safetensors")
            let outcome = try workshop.run(workshop.distill(to: output) + ["--resume"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("holds a finished run; nothing was done"))
            try #expect(workshop.read(output + "/student-last.safetensors") == weights)
            try #expect(workshop.checkpoints(output).isEmpty)

            let metrics = try workshop.read(output + "/metrics.jsonl")
            try workshop.write(metrics + Data("{}\n".utf8), to: output + "/metrics.jsonl")
            try expectRefusal(
                output, ["--resume"], ["metrics.jsonl has a line 3 that is no record of an epoch"])
        }

        @Test("of a run whose recipe had another name goes on")
        func renamed() throws {
            let outcome = try workshop.run(
                workshop.distill(to: workshop.reference) + [
                    "--resume", "--set", "name=mine", "--set", "description=another",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("holds a finished run; nothing was done"))
        }

        @Test("that holds other things is refused", arguments: ["thesis.tex", "checkpoint/step-1"])
        func foreign(file: String) throws {
            let output = workshop.fresh("foreign")
            try workshop.write(Data("precious".utf8), to: output + "/" + file)
            for extra in [[], ["--resume"]] {
                try expectRefusal(
                    output, extra,
                    ["is not empty, and it is not the folder of a run", "found \(file)"])
            }
        }

        @Test("of a run that was killed before its recipe was written is taken over")
        func killedAtOnce() throws {
            let output = workshop.fresh("embryo")
            try workshop.write(Data(), to: output + "/checkpoint/lock")
            try workshop.write(Data("name".utf8), to: output + "/recipe.yaml.partial")
            let outcome = try workshop.run(workshop.distill(to: output) + ["--max-steps", "1"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!workshop.exists(output + "/recipe.yaml.partial"))
            try #expect(workshop.checkpoints(output).count == 1)
        }

        @Test("that a running process uses is refused, and that process goes on")
        func inUse() throws {
            let output = workshop.fresh("used")
            let long = ["--epochs", "200", "--checkpoint-every", "1"]
            let run = try workshop.start(workshop.distill(to: output) + long)
            while run.isRunning, !workshop.exists(output + "/checkpoint/lock") {
                Thread.sleep(forTimeInterval: 0.005)
            }
            let outcome = try workshop.run(workshop.distill(to: output) + long + ["--resume"])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("\(output) is in use by another process"))
            #expect(run.isRunning)
            run.send(SIGTERM)
            try #expect(run.outcome().status == 143)
        }

        @Test("below a file is refused")
        func unwritable() throws {
            let outcome = try workshop.run(workshop.distill(to: "pair.yaml/run"))
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "pair.yaml/run cannot be written to: Not a directory. Choose another --output.")
            )
            try #expect(workshop.read("pair.yaml") == Data(Workshop.recipe.utf8))
        }

        @discardableResult
        private func expectRefusal(
            _ output: String, _ extra: [String], _ phrases: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> Outcome {
            let before = try workshop.contents(output)
            let outcome = try workshop.run(workshop.distill(to: output) + extra)
            #expect(outcome.status == 1, sourceLocation: sourceLocation)
            for phrase in [output] + phrases {
                #expect(
                    outcome.sentence.contains(phrase), "\(outcome.errors)",
                    sourceLocation: sourceLocation)
            }
            #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
            try #expect(workshop.contents(output) == before, sourceLocation: sourceLocation)
            return outcome
        }
    }
}
