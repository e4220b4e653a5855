import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Several processes")
    struct ProcessesTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("stopped and resumed, end with the bytes of those left alone, and one process speaks")
        func resuming() throws {
            let (alone, output) = (workshop.fresh("two"), workshop.fresh("two-stopped"))
            let two = ["--processes", "2"]
            let whole = try workshop.run(workshop.distill(to: alone) + two)
            #expect(whole.status == 0, "\(whole.errors)")
            #expect(whole.output.split(separator: "\n").count == 2, "\(whole.output)")
            let stopped = try workshop.run(
                workshop.distill(to: output) + two + ["--max-steps", "3"])
            #expect(stopped.status == 0, "\(stopped.errors)")
            // Any number of processes may go on.
            let other = workshop.fresh("two-then-one")
            try workshop.copy(output, to: other)
            try #expect(workshop.run(workshop.distill(to: other) + ["--resume"]).status == 0)
            try #expect(workshop.metrics(other).map { $0["step"] as? Int } == [4, 8])
            let resumed = try workshop.run(workshop.distill(to: output) + two + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            for file in ["student-last.safetensors", "recipe.yaml"] {
                try #expect(
                    workshop.read("\(output)/\(file)") == workshop.read("\(alone)/\(file)"))
            }
            let metrics = try workshop.metrics(alone)
            #expect(metrics.map { $0["step"] as? Int } == [4, 8])
        }

        @Test("with synchronised batch norms learn what one process learns")
        func synchronized() throws {
            let output = workshop.fresh("synchronised")
            let run = try workshop.run(
                workshop.distill(to: output) + [
                    "--processes", "2", "--set", "distributed.batch_norm=synchronized",
                ])
            #expect(run.status == 0, "\(run.errors)")
            let found = try workshop.metrics(output)
            let expected = try workshop.metrics(workshop.reference)
            for (own, one) in zip(found, expected) {
                for (part, name) in [
                    ("train", "total"), ("train", "top1"), ("test", "loss"), ("test", "count"),
                ] {
                    let ownValue = try #require((own[part] as? [String: Any])?[name] as? Double)
                    let value = try #require((one[part] as? [String: Any])?[name] as? Double)
                    // Float32, in another order.
                    #expect(abs(ownValue - value) < 1e-3 * max(1, value), "\(part) \(name)")
                }
            }
        }

        @Test("evaluate to the figures of one process")
        func evaluation() throws {
            let data = workshop.fresh("large")
            try workshop.write(
                SmallData.records(600, seed: 3), to: "\(data)/cifar-100-binary/test.bin")
            func evaluate(_ processes: String) throws -> Outcome {
                try workshop.run([
                    "evaluate", "\(workshop.reference)/student-last.safetensors", "--model",
                    "resnet8", "--dataset", "cifar100", "--data", data, "--json", "--processes",
                    processes,
                ])
            }
            let one = try evaluate("1")
            #expect(try one.json()["count"] as? Int == 600)
            try #expect(evaluate("2").output == one.output)
        }

        /// Starts processes as a launcher does, and waits until they have saved something.
        private func launch(
            _ output: String, _ size: Int, also arguments: [[String]] = [[], [], []]
        ) throws -> [RunningTool] {
            let port = "\(Int.random(in: 20_000..<30_000))"
            return try (0..<size).map { rank in
                try RunningTool(
                    workshop.distill(to: output) + arguments[rank], in: workshop.folder,
                    environment: [
                        "RANK": "\(rank)", "WORLD_SIZE": "\(size)", "MASTER_ADDR": "127.0.0.1",
                        "MASTER_PORT": port, "GLOO_SOCKET_IFNAME": "lo",
                    ])
            }
        }

        private static let long = ["--epochs", "200", "--checkpoint-every", "1"]

        @Test(
            "end within ten seconds when one is killed, and name it", arguments: [0, 1])
        func killed(_ victim: Int) throws {
            let output = workshop.fresh("killed")
            let runs = try launch(output, 2, also: [Self.long, Self.long])
            workshop.waitForCheckpoint(of: runs[0], output)
            runs[victim].send(SIGKILL)
            let start = ContinuousClock.now
            let other = try runs[1 - victim].outcome()
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(other.status == 1)
            let prefix = "Error: " + (victim == 0 ? "rank 1: " : "")
            #expect(
                other.sentence.hasPrefix("\(prefix)rank \(victim) has gone without a word"),
                "\(other.errors)")
            #expect(other.sentence.contains("--resume"))
            #expect(try runs[victim].outcome().status == 128 + SIGKILL)
        }

        @Test("of --processes end when one is killed, with a sentence that names it")
        func killedCopy() throws {
            let output = workshop.fresh("killed-copy")
            let run = try workshop.start(
                workshop.distill(to: output) + Self.long + ["--processes", "2"])
            workshop.waitForCheckpoint(of: run, output)
            let copies = try Self.children(of: run)
            try #require(copies.count == 2)
            let start = ContinuousClock.now
            kill(copies[1], SIGKILL)
            let outcome = try run.outcome()
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("Error: rank 1 was killed by signal 9 (SIGKILL)"))
        }

        @Test("of --processes save and end together at a signal")
        func signalled() throws {
            let output = workshop.fresh("signalled-copies")
            let run = try workshop.start(
                workshop.distill(to: output) + Self.long + ["--processes", "2"])
            workshop.waitForCheckpoint(of: run, output)
            run.send(SIGTERM)
            let outcome = try run.outcome()
            #expect(outcome.status == 143, "\(outcome.errors)")
            #expect(outcome.errors.contains("everything is saved in \(output)"))
        }

        /// The processes that a program has started, by any of its threads, in the order of their ranks.
        private static func children(of run: RunningTool) throws -> [Int32] {
            let threads = "/proc/\(run.processIdentifier)/task"
            return try FileManager.default.contentsOfDirectory(atPath: threads).flatMap {
                try String(contentsOfFile: "\(threads)/\($0)/children", encoding: .utf8)
                    .split(separator: " ").compactMap { Int32($0) }
            }.sorted()
        }

        @Test("that do not do the same are refused, all of them")
        func unlike() throws {
            let output = workshop.fresh("unlike")
            let runs = try launch(
                output, 2, also: [[], ["--set", "optimizer.learning_rate=0.04"]])
            try expectUnlike(runs, in: "the recipe")
        }

        @Test("of a method that remembers images are refused")
        func refused() throws {
            let outcome = try workshop.run(
                workshop.distill(to: workshop.fresh("refused"))
                    + ["--method", "crd", "--processes", "2"])
            #expect(outcome.status == 1)
            let sentence =
                "2 processes were started, but crd, which remembers every image, needs one that does all"
            #expect(outcome.errors.contains("Error: \(sentence)"), "\(outcome.errors)")
            #expect(outcome.errors.contains("Error: rank 1: \(sentence)"))
        }

        @Test(
            "end with their status also where the program inherits that ends of children are ignored"
        )
        func childrenIgnored() throws {
            let run = try workshop.start(
                workshop.distill(to: workshop.fresh("ignored"))
                    + ["--method", "crd", "--processes", "2"],
                script: #"exec timeout -s KILL 60 env --ignore-signal=CHLD "$@""#)
            #expect(try run.outcome().status == 1)
        }

        @Test("are refused by a command that works in one")
        func oneAlone() throws {
            let outcome = try workshop.run(
                ["bench", "pair.yaml", "--kernels"],
                environment: [
                    "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1",
                ])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.hasPrefix(
                    "Error: 2 processes were started, but `bench --kernels` needs one"))
        }

        @Test(
            "share a benchmark's steps, and one of them reports",
            arguments: ["distill", "evaluate", "reduce"])
        func benchmark(work: String) throws {
            let report = try workshop.run([
                "bench", "pair.yaml", "--work", work, "--batch-size", "3", "--steps", "3",
                "--processes", "2", "--json",
            ]).json()
            #expect(report["processes"] as? Int == 2)
            #expect(report["threads"] as? Int == 1)
            #expect(report["batch_size"] as? Int == 3)
            let median = try #require(report["ms_per_step"] as? Double)
            let fastest = try #require(report["fastest_ms_per_step"] as? Double)
            #expect(fastest > 0 && fastest <= median)
            let bytes = report["gradient_bytes"] as? Int
            #expect(bytes == (work == "evaluate" ? nil : 4 * Self.parameters))
        }

        /// What the small pair trains: resnet8, and the ABFs of the paper's Figure 3 between its four stages and those of
        /// resnet14, with 64 channels between them.
        private static let parameters: Int = {
            let network = 83_892
            let channels = [16, 32, 64, 64]
            let projections = channels.map { $0 * 64 + 2 * 64 }
            let outputs = channels.map { 64 * $0 * 9 + 2 * $0 }
            // The deepest stage has nothing to be fused with.
            let attention = 3 * (2 * 64 * 2 + 2)
            return network + (projections + outputs).reduce(0, +) + attention
        }()

        @Test("are not for benchmarks of other things, and one has nothing to add up")
        func refusedBenchmarks() async throws {
            for (arguments, sentence) in [
                (
                    ["--kernels", "--processes", "2"],
                    "--processes is for whole steps; leave it out"
                ),
                (
                    ["--work", "reduce"],
                    "--work is reduce, a sum over several processes; add --processes 2"
                ),
                (
                    ["--processes", "2", "--device", "cuda:1"],
                    "--device is cuda:1, but each of 2 processes takes another card; use --device cuda"
                ),
            ] {
                let outcome = try await workshop.answer(to: ["bench", "pair.yaml"] + arguments)
                #expect(outcome.status == 64)
                #expect(outcome.sentence == "Error: \(sentence)", "\(outcome.errors)")
            }
        }

        @Test(
            "whose environment is not whole say what is missing",
            arguments: [
                (["WORLD_SIZE": "2", "RANK": "0"], "WORLD_SIZE is 2, but MASTER_ADDR is not set."),
                (
                    [
                        "WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1",
                        "MASTER_PORT": "19327",
                    ], "rank 1 did not come within 1 s."
                ),
                (
                    [
                        "WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "127.0.0.1",
                        "MASTER_PORT": "19328",
                    ], "rank 0 did not answer at 127.0.0.1:19328 within 1 s"
                ),
            ] as [([String: String], String)])
        func environment(_ variables: [String: String], _ sentence: String) throws {
            let outcome = try workshop.run(
                workshop.distill(to: workshop.fresh("nowhere")) + ["--timeout", "1"],
                environment: variables)
            #expect(outcome.status == 1)
            #expect(outcome.sentence.hasPrefix("Error: \(sentence)"), "\(outcome.errors)")
            // No stack trace.
            #expect(!outcome.errors.contains("frame #"))
        }
    }
}
