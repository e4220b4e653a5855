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
            #expect(outcome.sentence.contains("give the same --teacher file"))
            try #expect(workshop.contents(workshop.reference) == before)
        }

        @Test("that holds other things is refused", arguments: ["thesis.tex", "checkpoint/step-1"])
        func foreign(file: String) throws {
            let output = workshop.fresh("foreign")
            try workshop.write(Data("precious".utf8), to: output + "/" + file)
            for extra in [[], ["--resume"]] {
                try expectRefusal(
                    output, extra, ["is not empty and holds no run of this tool", "found \(file)"])
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
                    "pair.yaml/run cannot be written to: Not a directory; choose another --output"))
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
