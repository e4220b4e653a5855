import Foundation
import TensorFiles
import Testing

/// The points inside the writing of a checkpoint at which `REVIEWKD_EXIT_AT` ends the process.
private let writePoints = ["before-file", "half-written", "before-rename", "after-rename"]

extension WholeRunsSuite {
    @Suite("A run that dies")
    struct CrashTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("killed at random moments and resumed, ends with the bytes of one left alone")
        func randomKills() throws {
            let output = workshop.fresh("killed")
            let arguments = workshop.distill(to: output) + ["--checkpoint-every", "2", "--resume"]
            var random = LinearRandom(seed: 2021)
            let alone = try ContinuousClock().measure {
                let timed = try workshop.run(workshop.distill(to: output + "-timed"))
                #expect(timed.status == 0, "\(timed.errors)")
            }
            for _ in 0..<4 {
                let run = try workshop.start(arguments)
                let share = Double.random(in: 0.3...1, using: &random)
                Thread.sleep(forTimeInterval: alone / .seconds(1) * share)
                run.send(SIGKILL)
                _ = try run.outcome()
            }
            try #expect(workshop.run(arguments).status == 0)
            try expectSameRun(output)
        }

        @Test(
            "at a point inside the writing of a checkpoint, ends with the bytes of one left alone",
            arguments: writePoints, 1...3)
        func exitWhileWriting(point: String, count: Int) throws {
            let output = workshop.fresh(point)
            let arguments = workshop.distill(to: output) + ["--checkpoint-every", "2"]
            let died = try workshop.run(
                arguments, environment: ["REVIEWKD_EXIT_AT": "\(point):\(count)"])
            #expect(died.status == 75, "\(died.errors)")
            let saved = try workshop.checkpoints(output).filter { $0.hasSuffix(".safetensors") }
            #expect(!saved.isEmpty || count == 1)
            let resumed = try workshop.run(arguments + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            try expectSameRun(output)
        }

        @Test("after its last checkpoint's rename, leaves one checkpoint when resumed")
        func exitAfterLastRename() throws {
            let output = workshop.fresh("last-rename")
            let died = try workshop.run(
                workshop.distill(to: output), environment: ["REVIEWKD_EXIT_AT": "after-rename:2"])
            #expect(died.status == 75)
            try #expect(workshop.checkpoints(output).count == 2)
            let resumed = try workshop.run(workshop.distill(to: output) + ["--resume"])
            #expect(resumed.status == 0)
            #expect(resumed.output.contains("holds a finished run"))
            try expectSameRun(output)
        }

        @Test("half written at a step that is not saved again, leaves nothing unfinished")
        func staleUnfinishedFile() throws {
            let output = workshop.fresh("stale")
            let died = try workshop.run(
                workshop.distill(to: output) + ["--max-steps", "3"],
                environment: ["REVIEWKD_EXIT_AT": "half-written:1"])
            #expect(died.status == 75)
            try #expect(workshop.contents(output).keys.contains { $0.hasSuffix(".partial") })
            try #expect(workshop.run(workshop.distill(to: output) + ["--resume"]).status == 0)
            try expectSameRun(output)
        }

        /// Holds a finished run against the one that was left alone.
        private func expectSameRun(
            _ output: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let reference = workshop.reference
            func weights(_ run: String) throws -> Data {
                try workshop.read(run + "/student-last.safetensors")
            }
            try #expect(weights(output) == weights(reference), sourceLocation: sourceLocation)
            try #expect(
                stableMetrics(output) == stableMetrics(reference), sourceLocation: sourceLocation)
            // Recipe, metrics, weights, and one checkpoint beside the lock; nothing unfinished.
            try #expect(
                workshop.contents(output).keys.sorted()
                    == workshop.contents(reference).keys.sorted(), sourceLocation: sourceLocation)
            func state(_ run: String) throws -> [TensorEntry] {
                try WeightFile.read(path: workshop.url(workshop.checkpoint(run)).path).entries
            }
            try #expect(state(output) == state(reference), sourceLocation: sourceLocation)
        }

        /// The metrics without what differs from one run to the next.
        private func stableMetrics(_ output: String) throws -> [NSDictionary] {
            try workshop.metrics(output).map { line in
                let varying = ["seconds", "images_per_second", "peak_memory_bytes"]
                return NSDictionary(dictionary: line.filter { !varying.contains($0.key) })
            }
        }
    }
}
