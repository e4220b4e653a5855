import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Without a listener")
    struct ListenerTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private func loud(_ output: String) -> [String] {
            workshop.distill(to: output).filter { $0 != "--quiet" }
        }

        /// Holds a finished run against the one that was left alone: the same files with the same bytes, so that
        /// no progress went into any of them.
        private func expectWholeRun(
            _ output: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let (found, expected) = try (
                workshop.contents(output), workshop.contents(workshop.reference)
            )
            #expect(found.keys.sorted() == expected.keys.sorted(), sourceLocation: sourceLocation)
            for name in ["student-last.safetensors", "recipe.yaml"] {
                #expect(found[name] == expected[name], sourceLocation: sourceLocation)
            }
            try #expect(workshop.metrics(output).count == 2, sourceLocation: sourceLocation)
        }

        @Test(
            "for its progress a run goes on to its end",
            arguments: [
                "2>&-", "<&- 2>&-", "2>/dev/full", "2> >(exit 0)", "2> >(read -r; exit 0)",
            ])
        func progress(redirection: String) throws {
            for before in ["", "trap '' PIPE; "] {
                let output = workshop.fresh("unheard")
                let outcome = try workshop.run(
                    loud(output), script: "\(before)exec \"$@\" \(redirection)")
                #expect(outcome.status == 0)
                #expect(outcome.output.hasPrefix("Test accuracy after the last epoch (2): "))
                try expectWholeRun(output)
            }
        }

        @Test("that reads, a run whose pipe is full goes on to its end")
        func fullPipe() throws {
            let pipe = Pipe()
            let writer = pipe.fileHandleForWriting
            let flags = fcntl(writer.fileDescriptor, F_GETFL)
            _ = fcntl(writer.fileDescriptor, F_SETFL, flags | O_NONBLOCK)
            let bytes = [UInt8](repeating: 0, count: 4096)
            while write(writer.fileDescriptor, bytes, bytes.count) > 0 {}
            _ = fcntl(writer.fileDescriptor, F_SETFL, flags)
            let output = workshop.fresh("unread")
            let run = try RunningTool(loud(output), in: workshop.folder, terminal: writer)
            #expect(try run.outcome().status == 0)
            try expectWholeRun(output)
            try pipe.fileHandleForReading.close()
        }

        @Test(
            "for its results a run saves everything and fails in one sentence",
            arguments: [
                (">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
                ("<&- >&-", "Bad file descriptor"),
            ])
        func results(redirection: String, reason: String) throws {
            let output = workshop.fresh("unprinted")
            let outcome = try workshop.run(
                workshop.distill(to: output), script: "exec \"$@\" \(redirection)")
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.hasPrefix(
                    "Error: standard output could not be written: \(reason); "), "\(outcome.errors)"
            )
            try expectWholeRun(output)
        }

        @Test("at all a run still saves everything, and into no file but its own")
        func allClosed() throws {
            let output = workshop.fresh("deaf")
            let outcome = try workshop.run(
                loud(output), script: "exec \"$@\" <&- >&- 2>&-")
            #expect(outcome.status == 1)
            try expectWholeRun(output)
        }

        @Test(
            "for its results every command fails in one sentence",
            arguments: [
                ["--help"], ["help", "train"], ["train", "--help"], ["--version"], ["recipes"],
                ["recipes", "--json"], ["recipes", "show", "cifar100/resnet56"],
                ["models", "resnet8"], ["models", "resnet8", "--json"], ["devices"],
                ["bench", "pair.yaml", "--batch-size", "2", "--steps", "1", "--json"],
                ["--generate-completion-script", "bash"], ["train", "--experimental-dump-help"],
            ])
        func fullOutput(arguments: [String]) throws {
            let outcome = try workshop.run(arguments, script: "exec \"$@\" >/dev/full")
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("standard output could not be written"))
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
        }

        @Test("that stays for its results a command ends as others in a pipeline do")
        func readerGone() throws {
            for (script, status, isTold) in [
                ("exec \"$@\"", 128 + SIGPIPE, false), ("trap '' PIPE; exec \"$@\"", 1, true),
            ] {
                let pipe = Pipe()
                try pipe.fileHandleForReading.close()
                let outcome = try workshop.run(
                    ["recipes"], script: script, output: pipe.fileHandleForWriting)
                #expect(outcome.status == status)
                #expect(outcome.errors.contains("Broken pipe") == isTold, "\(outcome.errors)")
                #expect(outcome.errors.isEmpty == !isTold, "\(outcome.errors)")
            }
        }

        @Test("because its terminal was closed a run saves everything and ends as SIGHUP asks")
        func closedTerminal() throws {
            let output = workshop.fresh("hung-up")
            let terminal = try Terminal()
            let run = try RunningTool(
                loud(output) + ["--epochs", "200", "--checkpoint-every", "1"],
                in: workshop.folder, terminal: terminal.keyboard, controls: true)
            workshop.waitForCheckpoint(of: run, output)
            try terminal.close()
            #expect(try run.outcome().status == 129)
            #expect(workshop.exists(output + "/student-last.safetensors"))
            try #expect(workshop.checkpoints(output).count == 1)
            let resumed = try workshop.run(
                workshop.distill(to: output) + ["--epochs", "200", "--max-steps", "1", "--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
        }

        @Test("of SIGHUP, as under nohup, a run goes on")
        func nohup() throws {
            let output = workshop.fresh("nohup")
            let run = try workshop.start(
                workshop.distill(to: output) + ["--epochs", "200", "--checkpoint-every", "1"],
                script: "trap '' HUP; exec \"$@\"")
            workshop.waitForCheckpoint(of: run, output)
            run.send(SIGHUP)
            for _ in 0..<3 {
                let names = try workshop.checkpoints(output)
                workshop.waitForCheckpoint(of: run, output, after: names)
            }
            #expect(run.isRunning)
            run.send(SIGTERM)
            #expect(try run.outcome().status == 143)
        }

        @Test("a study goes on to its end, and SIGHUP ends it with its cells saved")
        func study() throws {
            let output = workshop.fresh("study")
            let deaf = try workshop.run(
                workshop.reproduce(output, methods: "kd", seeds: "0"),
                script: "exec \"$@\" 2>/dev/full")
            #expect(deaf.status == 0)
            #expect(workshop.exists(output + "/results.jsonl"))

            let long = workshop.fresh("long.yaml")
            try workshop.write(
                Data(Workshop.recipe.replacing("epochs: 2", with: "epochs: 500").utf8), to: long)
            let hungUp = workshop.fresh("study")
            let run = try workshop.start(
                workshop.reproduce(hungUp, methods: "kd", seeds: "0", also: ["--schedule", long]))
            while run.isRunning, try !run.errorsSoFar().contains("epoch 1/500") {
                Thread.sleep(forTimeInterval: 0.005)
            }
            run.send(SIGHUP)
            let outcome = try run.outcome()
            #expect(outcome.status == 129)
            #expect(outcome.errors.contains("Interrupted; everything is saved in \(hungUp)"))
        }

        @Test("the demo ends with SIGHUP's status")
        func demo() throws {
            let run = try workshop.start(["demo", "--seeds", "0"])
            while run.isRunning, try run.errorsSoFar().isEmpty {
                Thread.sleep(forTimeInterval: 0.005)
            }
            run.send(SIGHUP)
            let outcome = try run.outcome()
            #expect(outcome.status == 129)
            #expect(outcome.errors.contains("Interrupted; the demo keeps nothing."))
        }
    }
}
