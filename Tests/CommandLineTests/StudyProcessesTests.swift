import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Studies in several processes")
    struct StudyProcessesTests {
        private static let two = ["--processes", "2"]

        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private func lines(_ output: String) throws -> [[String: Any]] {
            let text = String(decoding: try workshop.read(output + "/results.jsonl"), as: UTF8.self)
            return try text.split(separator: "\n").compactMap {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }

        private func methods(_ output: String) throws -> [String] {
            try lines(output).map { "\($0["method"] ?? "") \($0["seed"] ?? "")" }
        }

        /// A folder with the teacher that the workshop has, as a study looks for it.
        private func teachers() throws -> String {
            let folder = workshop.fresh("teachers")
            try FileManager.default.createDirectory(
                at: workshop.url(folder), withIntermediateDirectories: true)
            try workshop.copy(workshop.teacher, to: folder + "/resnet14.safetensors")
            return folder
        }

        /// Writes the small pair's recipe with a change, under a name of its own.
        private func recipe(replacing text: String, with other: String) throws -> String {
            let path = workshop.fresh("pair") + ".yaml"
            try workshop.write(Data(Workshop.recipe.replacing(text, with: other).utf8), to: path)
            return path
        }

        private func ablate(_ recipe: String, to output: String, also: [String]) -> [String] {
            [
                "ablate", "fusion", recipe, "--data", "data", "--output", output, "--quiet",
                "--precision", "float32", "--threads", "1",
            ] + also
        }

        @Test("fill a table, one of them with the folder, as a study stopped and resumed does")
        func resuming() throws {
            let (alone, output) = (workshop.fresh("study-two"), workshop.fresh("study-stopped"))
            let whole = try workshop.run(workshop.reproduce(alone, seeds: "0", also: Self.two))
            #expect(whole.status == 0, "\(whole.errors)")
            try #expect(methods(alone) == ["teacher 0", "alone 0", "kd 0", "reviewkd 0"])
            let table = try workshop.read(alone + "/table.md")
            #expect(whole.output.hasPrefix(String(decoding: table, as: UTF8.self)))
            #expect(whole.output.components(separatedBy: "Tables: ").count == 2, "\(whole.output)")
            let arguments = workshop.reproduce(
                output, seeds: "0", also: Self.two + ["--checkpoint-every", "3"])
            let ends = try workshop.repeatEndedAtWrites(arguments)
            #expect(ends > 2)
            for file in ["table.md", "table.csv"] {
                try #expect(
                    workshop.read("\(output)/\(file)") == workshop.read("\(alone)/\(file)"))
            }
            for method in ["alone", "kd", "reviewkd"] {
                let file = "runs/pair/resnet14-resnet8/\(method)/seed-0/student-last.safetensors"
                try #expect(
                    workshop.read("\(output)/\(file)") == workshop.read("\(alone)/\(file)"))
            }
            // Nothing is left to do, by any number of processes.
            let before = try workshop.contents(output)
            for processes in [[], Self.two] {
                let again = try workshop.run(
                    workshop.reproduce(output, seeds: "0", also: processes))
                #expect(again.status == 0 && !again.errors.contains("epoch"), "\(again.errors)")
            }
            try #expect(workshop.contents(output) == before)
        }

        @Test("need the folder and the teachers in one alone, and give the figures of one")
        func synchronized() throws {
            let schedule = try recipe(
                replacing: "epochs: 2", with: "epochs: 2\ndistributed: {batch_norm: synchronized}")
            let (one, two) = (workshop.fresh("study-one"), workshop.fresh("study-two"))
            let teachers = try teachers()
            func arguments(_ output: String, _ teachers: String) -> [String] {
                workshop.reproduce(output, seeds: "0", also: ["--teachers", teachers])
                    .map { $0 == "pair.yaml" ? schedule : $0 }
            }
            let single = try workshop.run(arguments(one, teachers))
            #expect(single.status == 0, "\(single.errors)")
            let port = "\(Int.random(in: 20_000..<30_000))"
            let runs = try [(two, teachers), ("/proc/nowhere", "nowhere")].enumerated().map {
                rank, folders in
                try RunningTool(
                    arguments(folders.0, folders.1), in: workshop.folder,
                    environment: [
                        "RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                        "MASTER_PORT": port, "GLOO_SOCKET_IFNAME": "lo",
                    ])
            }
            let outcomes = try runs.map { try $0.outcome() }
            #expect(outcomes.map(\.status) == [0, 0], "\(outcomes.map(\.errors))")
            #expect(outcomes[1].output.isEmpty && outcomes[1].errors.isEmpty)
            try #expect(methods(two) == ["alone 0", "kd 0", "reviewkd 0"])
            let measured = outcomes[0].errors.split(separator: "\n").first {
                $0.contains("the teacher resnet14 is right on")
            }
            // The evaluation is that of one process, bit for bit.
            #expect(measured != nil && single.errors.contains(measured ?? ""))
            for method in ["alone", "kd", "reviewkd"] {
                let folder = "runs/\(schedule.dropLast(5))/resnet14-resnet8/\(method)/seed-0"
                let found = try workshop.metrics("\(two)/\(folder)")
                let expected = try workshop.metrics("\(one)/\(folder)")
                #expect(found.count == 2 && expected.count == 2)
                for (own, other) in zip(found, expected) {
                    for (part, name) in [("train", "total"), ("test", "loss"), ("test", "count")] {
                        let ownValue = try #require((own[part] as? [String: Any])?[name] as? Double)
                        let value = try #require((other[part] as? [String: Any])?[name] as? Double)
                        // Float32, in another order.
                        #expect(
                            abs(ownValue - value) < 1e-3 * max(1, value),
                            "\(method) \(part) \(name)")
                    }
                }
            }
        }

        @Test("take a method apart, and go on after cells that fail")
        func ablation() throws {
            let (output, teachers) = (workshop.fresh("study"), try teachers())
            let arguments = ["--teachers", teachers] + Self.two
            let fusion = try workshop.run(
                ablate("pair.yaml", to: output, also: ["--seeds", "0"] + arguments))
            #expect(fusion.status == 0, "\(fusion.errors)")
            try #expect(
                methods(output) == ["alone 0", "reviewkd 0", "fusion/plain 0", "fusion/concat 0"])
            #expect(fusion.output.contains("| pair | resnet14-resnet8 | fusion/concat |"))
            let broken = workshop.fresh("study")
            let failed = try workshop.run(
                ablate(
                    "pair.yaml", to: broken,
                    also: ["--seeds", "0,1", "--set", "method.review.weight=1e39"] + arguments))
            #expect(failed.status == 1)
            #expect(
                failed.errors.contains("Error: 6 of 8 cells failed, the first with: "),
                "\(failed.errors)")
            #expect(failed.output.contains("| pair | resnet14-resnet8 | alone |"))
            try #expect(methods(broken) == ["alone 0", "alone 1"])
        }

        @Test("go on after weights that are not finite, which none of them saves")
        func brokenWeights() throws {
            let schedule = try recipe(
                replacing: "learning_rate: 0.05", with: "learning_rate: 1.0e+45")
            let output = workshop.fresh("study")
            let outcome = try workshop.run(
                workshop.reproduce(
                    output, methods: "kd", seeds: "0",
                    also: Self.two + ["--teachers", try teachers(), "--checkpoint-every", "1"]
                ).map { $0 == "pair.yaml" ? schedule : $0 })
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains(
                    "Error: 2 of 2 cells failed, the first with: the tensor 'method.student.conv1.weight' "
                        + "holds infinite values or NaN after step 1."), "\(outcome.errors)")
            let name = schedule.dropLast(5)
            for method in ["alone", "kd"] {
                let run = "\(output)/runs/\(name)/resnet14-resnet8/\(method)/seed-0"
                try #expect(workshop.checkpoints(run).isEmpty)
            }
        }

        @Test("go on after a damaged checkpoint, and end where one of them fails alone")
        func lonelyFailures() throws {
            let output = workshop.fresh("study")
            let arguments = workshop.reproduce(
                output, seeds: "0",
                also: Self.two + [
                    "--teachers", try teachers(), "--quiet", "--checkpoint-every", "3",
                ])
            let stopped = try workshop.run(
                arguments, environment: ["REVIEWKD_EXIT_AT": "before-rename:2"])
            #expect(stopped.status == 75)
            let alone = "\(output)/runs/pair/resnet14-resnet8/alone/seed-0"
            let checkpoint = alone + "/checkpoint/step-0000000003.safetensors"
            let saved = try workshop.read(checkpoint)
            try workshop.write(saved.dropLast(100), to: checkpoint)
            // Files may have 600 KiB: enough for the weights, too little for a checkpoint.
            let full = try workshop.run(arguments, fileBlocks: 1200)
            #expect(full.status == 1)
            #expect(full.errors.contains("could not be written: File too large"), "\(full.errors)")
            // The others of its group end with it, since their messages would meet those of its next step.
            #expect(!full.errors.contains("cells failed"), "\(full.errors)")
            #expect(!workshop.exists(output + "/results.jsonl"))
            let damaged = try workshop.run(arguments)
            #expect(damaged.status == 1)
            #expect(damaged.errors.contains("Error: 1 of 3 cells failed"), "\(damaged.errors)")
            try #expect(methods(output) == ["kd 0", "reviewkd 0"])
            try workshop.write(saved, to: checkpoint)
            let mended = try workshop.run(arguments)
            #expect(mended.status == 0, "\(mended.errors)")
            try #expect(methods(output) == ["kd 0", "reviewkd 0", "alone 0"])
        }

        @Test("save and end together at a signal, and go on from there")
        func signalled() throws {
            let output = workshop.fresh("study")
            let schedule = try recipe(replacing: "epochs: 2", with: "epochs: 40")
            let arguments = workshop.reproduce(
                output, methods: "kd", seeds: "0",
                also: Self.two + ["--teachers", try teachers(), "--checkpoint-every", "1"]
            ).map { $0 == "pair.yaml" ? schedule : $0 }
            let run = try workshop.start(arguments)
            let cell = "\(output)/runs/\(schedule.dropLast(5))/resnet14-resnet8/kd/seed-0"
            workshop.waitForCheckpoint(of: run, cell)
            run.send(SIGTERM)
            let outcome = try run.outcome()
            #expect(outcome.status == 143, "\(outcome.errors)")
            #expect(outcome.errors.contains("everything is saved in \(output)"))
            try #expect(methods(output) == ["alone 0"])
            let resumed = try workshop.run(arguments)
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("resumed at step"))
            try #expect(methods(output) == ["alone 0", "kd 0"])
        }

        @Test("refuse a method that remembers images before anything is trained")
        func refused() throws {
            let output = workshop.fresh("study")
            let outcome = try workshop.run(
                workshop.reproduce(output, methods: "kd,crd", seeds: "0", also: Self.two))
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains(
                    "Error: the cell resnet14-resnet8, crd, pair, seed 0 cannot be run by 2 processes: crd, "
                        + "which remembers every image, needs one that does all the work. Leave the method out "
                        + "of --methods, or run it in one process"), "\(outcome.errors)")
            #expect(!workshop.exists(output + "/runs") && !outcome.errors.contains("epoch"))
        }

        @Test("refuse what one process does alone")
        func oneAlone() async throws {
            for (option, value) in [("--dry-run", []), ("--merge", ["a"]), ("--jobs", ["2"])] {
                let arguments = workshop.reproduce("nowhere", also: [option] + value)
                let outcome = try await workshop.answer(to: arguments + Self.two)
                #expect(outcome.status == 64)
                #expect(
                    outcome.sentence
                        == "Error: \(option) works in one process, but --processes is given; leave one of "
                        + "them out", "\(outcome.errors)")
                let launched = try workshop.run(
                    arguments,
                    environment: [
                        "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1",
                    ])
                #expect(launched.status == 1)
                #expect(
                    launched.sentence.hasPrefix(
                        "Error: 2 processes were started, but `reproduce \(option)` needs one"))
            }
        }

        @Test("refuse studies that are not the same")
        func unlike() throws {
            let port = "\(Int.random(in: 20_000..<30_000))"
            let output = workshop.fresh("study")
            let runs = try ["0", "1"].enumerated().map { rank, seed in
                try RunningTool(
                    workshop.reproduce(output, seeds: seed), in: workshop.folder,
                    environment: [
                        "RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                        "MASTER_PORT": port, "GLOO_SOCKET_IFNAME": "lo",
                    ])
            }
            try expectUnlike(runs, in: "the cells of the study")
        }

        @Test("do the demo, and one of them prints and reports")
        func demo() throws {
            _ = try PhotoStudio.shared()
            let report = workshop.fresh("demo") + ".html"
            let outcome = try workshop.run(
                [
                    "demo", "--photos", "photos", "--seeds", "0", "--report", report, "--quiet",
                    "--threads", "1", "--json",
                ] + Self.two)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let figures = try outcome.json()
            for method in ["alone", "kd", "reviewkd"] {
                #expect((figures[method] as? [String: Any])?["mean"] is Double, "\(figures)")
            }
            try #expect(
                String(decoding: workshop.read(report), as: UTF8.self).hasPrefix("<!DOCTYPE html>"))
        }
    }
}
