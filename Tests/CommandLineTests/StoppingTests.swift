import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("A run that is stopped")
    struct StoppingTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test(
            "by a signal, saves, says how to go on, and goes on as if nothing had been",
            arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
        func signal(_ signal: Int32, status: Int32) throws {
            let output = workshop.fresh("signalled")
            // So long that it cannot end before the signal comes.
            let long = ["--epochs", "200", "--checkpoint-every", "1"]
            let run = try workshop.start(workshop.distill(to: output) + long)
            workshop.waitForCheckpoint(of: run, output)
            run.send(signal)
            let outcome = try run.outcome()
            #expect(outcome.status == status, "\(outcome.errors)")
            #expect(outcome.errors.contains("everything is saved in \(output)"))
            #expect(outcome.errors.contains("--resume"))
            let match = try #require(outcome.errors.firstMatch(of: /after step (\d+)/))
            let step = try #require(Int(match.1))
            try expectCheckpoint(output, step: step)

            let goal = ["--max-steps", "\(step + 3)"]
            let resumed = try workshop.run(
                workshop.distill(to: output) + long + goal + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            let alone = workshop.fresh("alone")
            try #expect(workshop.run(workshop.distill(to: alone) + long + goal).status == 0)
            try #expect(
                workshop.read(output + "/student-last.safetensors")
                    == workshop.read(alone + "/student-last.safetensors"))
        }

        @Test("by --max-steps goes on to the bytes of one left alone")
        func maxSteps() throws {
            let output = workshop.fresh("stopped")
            let stopped = try workshop.run(workshop.distill(to: output) + ["--max-steps", "3"])
            #expect(stopped.status == 0)
            #expect(stopped.output.contains("Stopped after step 3 as --max-steps asks"))
            #expect(stopped.output.contains("--resume"))
            try expectCheckpoint(output, step: 3)
            try #expect(workshop.metrics(output).isEmpty)
            try #expect(workshop.run(workshop.distill(to: output) + ["--resume"]).status == 0)
            try #expect(
                workshop.read(output + "/student-last.safetensors")
                    == workshop.read(workshop.reference + "/student-last.safetensors"))
        }

        @Test("between epochs has the checkpoint that --checkpoint-every asked for")
        func checkpointEvery() throws {
            let output = workshop.fresh("every")
            let died = try workshop.run(
                workshop.distill(to: output) + ["--checkpoint-every", "3"],
                environment: ["REVIEWKD_EXIT_AT": "after-rename:1"])
            #expect(died.status == 75)
            try expectCheckpoint(output, step: 3)
        }

        @Test("by its end is finished: --resume says so and changes nothing")
        func alreadyFinished() throws {
            let before = try workshop.contents(workshop.reference)
            let outcome = try workshop.run(
                workshop.distill(to: workshop.reference) + ["--resume"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("\(workshop.reference) holds a finished run"))
            #expect(!outcome.errors.contains("resume"), "\(outcome.errors)")
            try #expect(workshop.contents(workshop.reference) == before)
        }

        @Test(
            "before it saved anything, or never begun, has nothing to resume, and --resume says so",
            arguments: [[], ["checkpoint/"], ["checkpoint/lock", "recipe.yaml"]])
        func nothingToResume(_ files: [String]) throws {
            let output = workshop.fresh("nothing")
            let note = "note: nothing to resume in \(output): the run begins at its first step\n"
            for file in files {
                let isFolder = file.hasSuffix("/")
                if isFolder {
                    try FileManager.default.createDirectory(
                        at: workshop.url("\(output)/\(file)"), withIntermediateDirectories: true)
                } else {
                    try workshop.write(Data(), to: "\(output)/\(file)")
                }
            }
            let resumed = ["--max-steps", "1", "--resume"]
            let first = try workshop.run(workshop.distill(to: output) + resumed)
            #expect(first.status == 0)
            #expect(first.errors.contains(note), "\(first.errors)")
            let second = try workshop.run(
                workshop.distill(to: output) + ["--max-steps", "2", "--resume"])
            #expect(second.errors.contains("note: resumed at step 1, epoch 1\n"))
            #expect(!second.errors.contains("nothing to resume"), "\(second.errors)")
            // Who does not ask for it need not be told.
            let unasked = workshop.fresh("unasked")
            let plain = try workshop.run(workshop.distill(to: unasked) + ["--max-steps", "1"])
            #expect(!plain.errors.contains("resume"), "\(plain.errors)")
        }

        private func expectCheckpoint(
            _ output: String, step: Int, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let digits = String(step)
            let zeros = String(repeating: "0", count: 10 - digits.count)
            try #expect(
                workshop.checkpoints(output) == ["step-\(zeros)\(digits).safetensors"],
                sourceLocation: sourceLocation)
        }
    }
}
