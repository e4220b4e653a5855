import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Reproducing a table")
    struct StudyCommandTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private func lines(_ output: String) throws -> [[String: Any]] {
            let text = String(decoding: try workshop.read(output + "/results.jsonl"), as: UTF8.self)
            return try text.split(separator: "\n").compactMap {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }

        /// Cell and accuracy, without what depends on the clock.
        private func accuracies(_ output: String) throws -> [String: Double] {
            var found: [String: Double] = [:]
            for line in try lines(output) {
                let name = "\(line["pair"] ?? "") \(line["method"] ?? "") \(line["seed"] ?? "")"
                found[name] = try #require(line["top1"] as? Double)
            }
            return found
        }

        @Test("trains teacher, students alone and methods, each as its recipe does, and once")
        func whole() throws {
            let output = workshop.fresh("study")
            let outcome = try workshop.run(workshop.reproduce(output))
            #expect(outcome.status == 0, "\(outcome.errors)")
            let names = try lines(output).map { "\($0["method"] ?? "") \($0["seed"] ?? "")" }
            #expect(
                names == [
                    "teacher 0", "alone 0", "kd 0", "reviewkd 0", "alone 1", "kd 1", "reviewkd 1",
                ])
            let table = String(decoding: try workshop.read(output + "/table.md"), as: UTF8.self)
            #expect(outcome.output.hasPrefix(table))
            #expect(table.contains("| pair | resnet14-resnet8 | reviewkd |"))
            #expect(workshop.exists(output + "/table.csv"))

            // The same run by itself.
            let run = output + "/runs/pair/resnet14-resnet8/kd/seed-1"
            let alone = workshop.fresh("single")
            let teacher = output + "/runs/pair/resnet14/teacher/seed-0/student-last.safetensors"
            let single = try workshop.run([
                "distill", run + "/recipe.yaml", "--teacher", teacher, "--data", "data",
                "--output", alone, "--threads", "1",
            ])
            #expect(single.status == 0, "\(single.errors)")
            let weights = "/student-last.safetensors"
            try #expect(workshop.read(run + weights) == workshop.read(alone + weights))
            let last = try workshop.metrics(alone).last?["test"] as? [String: Any]
            #expect(try accuracies(output)["resnet14-resnet8 kd 1"] == last?["top1"] as? Double)

            // Nothing is repeated, not even after the results' last line was cut.
            let before = try workshop.contents(output)
            let again = try workshop.run(workshop.reproduce(output))
            #expect(again.status == 0 && !again.errors.contains("epoch"))
            try #expect(workshop.contents(output) == before)
            let results = try workshop.read(output + "/results.jsonl")
            try workshop.write(results.dropLast(30), to: output + "/results.jsonl")
            let mended = try workshop.run(workshop.reproduce(output))
            #expect(mended.status == 0 && !mended.errors.contains("epoch 1"), "\(mended.errors)")
            #expect(mended.errors.contains("results.jsonl is cut off"))
            try #expect(workshop.contents(output) == before)
        }

        @Test("ended at any write of a checkpoint, goes on to the same accuracies")
        func killed() throws {
            let whole = workshop.fresh("study")
            #expect(try workshop.run(workshop.reproduce(whole, seeds: "0")).status == 0)
            let output = workshop.fresh("study")
            let arguments = workshop.reproduce(
                output, seeds: "0", also: ["--checkpoint-every", "3"])
            let ends = try workshop.repeatEndedAtWrites(arguments)
            #expect(ends > 2)
            try #expect(accuracies(output) == accuracies(whole))
            #expect(try lines(output).count == 4)
        }

        @Test("ended by a signal while two jobs run, saves all of them and goes on from there")
        func signal() throws {
            let output = workshop.fresh("study")
            let schedule = workshop.fresh("long") + ".yaml"
            try workshop.write(
                Data(Workshop.recipe.replacing("epochs: 2", with: "epochs: 16").utf8), to: schedule)
            let arguments = workshop.reproduce(
                output, seeds: "0", also: ["--jobs", "2", "--checkpoint-every", "1"]
            ).map { $0 == "pair.yaml" ? schedule : $0 }
            let run = try workshop.start(arguments)
            let name = schedule.dropLast(5)
            let students = ["alone", "kd"].map {
                "\(output)/runs/\(name)/resnet14-resnet8/\($0)/seed-0"
            }
            let deadline = ContinuousClock.now + .seconds(60)
            while !students.allSatisfy({ workshop.exists($0 + "/student-last.safetensors") }),
                ContinuousClock.now < deadline
            {
                usleep(2000)
            }
            run.send(SIGTERM)
            let outcome = try run.outcome()
            #expect(outcome.status == 143, "\(outcome.errors)")
            #expect(outcome.errors.contains("everything is saved in \(output)"))
            let done = try lines(output).count
            let resumed = try workshop.run(arguments)
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("resumed at step"))
            #expect(try lines(output).count == 4 && done < 4)
        }

        @Test("with two jobs gives the same weights as with one, also where but one cell is left")
        func jobs() throws {
            let one = workshop.fresh("study")
            let two = workshop.fresh("study")
            #expect(try workshop.run(workshop.reproduce(one, seeds: "0")).status == 0)
            // Each job has one of two threads, as the run before has; the teacher is trained by itself.
            let arguments = workshop.reproduce(two, seeds: "0", also: ["--jobs", "2"])
            let threads = try #require(arguments.firstIndex(of: "--threads"))
            let outcome = try workshop.run(
                arguments[...threads] + ["2"] + arguments[(threads + 2)...])
            #expect(outcome.status == 0, "\(outcome.errors)")
            for cell in ["resnet14/teacher", "resnet14-resnet8/kd"] {
                let weights = "/runs/pair/\(cell)/seed-0/student-last.safetensors"
                try #expect(workshop.read(one + weights) == workshop.read(two + weights), "\(cell)")
            }
            try #expect(accuracies(one) == accuracies(two))
            #expect(try accuracies(one).count == 4)
        }

        @Test("with a shared teacher trains each student to the same bits as without")
        func sharedTeacher() throws {
            let shared = workshop.fresh("study")
            let single = workshop.fresh("study")
            let methods = "kd,ofd,reviewkd"
            let first = try workshop.run(workshop.reproduce(shared, methods: methods, seeds: "0"))
            #expect(first.status == 0, "\(first.errors)")
            let second = try workshop.run(
                workshop.reproduce(single, methods: methods, seeds: "0", also: ["--together", "1"]))
            #expect(second.status == 0, "\(second.errors)")
            for method in ["kd", "ofd", "reviewkd"] {
                let weights =
                    "/runs/pair/resnet14-resnet8/\(method)/seed-0/student-last.safetensors"
                try #expect(workshop.read(shared + weights) == workshop.read(single + weights))
            }
        }

        @Test("joins the results of two machines, and trains nothing")
        func merge() throws {
            let first = workshop.fresh("study")
            let second = workshop.fresh("study")
            for (output, seed) in [(first, "0"), (second, "1")] {
                let run = try workshop.run(
                    workshop.reproduce(output, methods: "alone", seeds: seed))
                #expect(run.status == 0, "\(run.errors)")
            }
            let both = workshop.fresh("study")
            let outcome = try workshop.run(
                workshop.reproduce(
                    both, methods: "alone,kd",
                    also: [
                        "--merge", first + "/results.jsonl", "--merge", second + "/results.jsonl",
                    ]))
            #expect(outcome.status == 0, "\(outcome.errors)")
            let joined = try accuracies(first).merging(accuracies(second)) { $1 }
            try #expect(accuracies(both) == joined)
            #expect(outcome.output.contains("| pair | resnet14-resnet8 | kd |  | 0 |"))
            let json = try workshop.run(
                workshop.reproduce(
                    both, methods: "alone",
                    also: ["--json", "--merge", first + "/results.jsonl"])
            ).json()
            let rows = try #require(json["rows"] as? [[String: Any]])
            let alone = try #require(rows.first { $0["method"] as? String == "alone" })
            let values = joined.filter { $0.key.contains(" alone ") }.map(\.value)
            let mean = try #require(alone["mean"] as? Double)
            #expect(abs(mean - values.reduce(0, +) / 2) < 1e-9)
            #expect(!workshop.exists(both + "/runs"))
        }

        @Test("tells before anything is trained that a stage does not exist")
        func unknownStage() throws {
            let output = workshop.fresh("study")
            let outcome = try workshop.run([
                "ablate", "distance", "pair.yaml", "--seeds", "0", "--data", "data", "--output",
                output, "--set", "method.review.stages=[{student: 9, teacher: [1]}]",
            ])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains("resnet14-resnet8, reviewkd, pair, seed 0 cannot be run"),
                "\(outcome.errors)")
            #expect(!workshop.exists(output + "/runs") && !outcome.errors.contains("epoch"))
        }

        @Test("refuses what would be taken for a shipped schedule, or for another teacher's images")
        func confusions() throws {
            let longer = try workshop.run([
                "ablate", "fusion", "cifar100/resnet56-resnet20-short", "--set", "epochs=30",
                "--output", workshop.fresh("study"), "--data", "data",
            ])
            #expect(longer.status == 1)
            #expect(
                longer.sentence.contains(
                    "the data, rates or length of cifar100/resnet56-resnet20-short are changed"))
            let seed = try workshop.run([
                "ablate", "fusion", "pair.yaml", "--set", "seed=7", "--output",
                workshop.fresh("study"), "--data", "data",
            ])
            #expect(seed.status == 64)
            #expect(seed.sentence.contains("--set is seed=7, expected --seeds for that"))
            let images = try workshop.run(
                workshop.reproduce(
                    workshop.fresh("study"), also: ["--teacher-normalization", "cifar10"]))
            #expect(images.status == 1)
            #expect(images.sentence.contains("no file of the teacher resnet14 was found"))
        }

        @Test("varies a part of the method, with a heat map of the stages")
        func ablation() throws {
            let output = workshop.fresh("study")
            try FileManager.default.createDirectory(
                at: workshop.url(output + "/teachers"), withIntermediateDirectories: true)
            try workshop.copy(workshop.teacher, to: output + "/teachers/resnet14.safetensors")
            func ablate(_ ablation: String, also: [String] = []) throws -> Outcome {
                try workshop.run(
                    [
                        "ablate", ablation, "pair.yaml", "--seeds", "0", "--data", "data",
                        "--output", output, "--teachers", output + "/teachers", "--quiet",
                        "--precision", "float32", "--threads", "1",
                    ] + also)
            }
            let fusion = try ablate("fusion")
            #expect(fusion.status == 0, "\(fusion.errors)")
            let methods = try lines(output).map { $0["method"] as? String }
            #expect(methods == ["alone", "reviewkd", "fusion/plain", "fusion/concat"])
            #expect(fusion.output.contains("| pair | resnet14-resnet8 | fusion/concat |"))
            // The picture is drawn of what there is.
            let stages = try ablate("stages", also: ["--merge", output + "/results.jsonl"])
            #expect(stages.status == 0, "\(stages.errors)")
            let picture = try workshop.read(output + "/ablation-stages.svg")
            #expect(String(decoding: picture, as: UTF8.self).hasPrefix("<svg"))
        }

        @Test(
            "refuses what it does not know with the nearest name",
            arguments: [
                (["--pairs", "resnet56-resnet2"], 64, "did you mean \"resnet56-resnet20\"?"),
                (["--pairs", "papr"], 64, "did you mean \"paper\"?"),
                (
                    ["--methods", "kd+reviewkd,reviewkd+kd"], 64,
                    "expected each method once"
                ), (["--schedule", "shrt"], 1, "Did you mean \"short\"?"),
                (["--methods", "kd,revewkd"], 64, "did you mean \"reviewkd\"?"),
                (["--jobs", "0"], 64, "--jobs is 0, expected at least 1"),
                (
                    ["--teachers", "nowhere"], 1,
                    "there is no folder at nowhere. Expected a folder with the teachers' weights. Name another one with --teachers"
                ),
                (
                    ["--merge", "nothing.jsonl"], 1,
                    "nothing.jsonl cannot be read: it does not exist. Name a results.jsonl"
                ), (["--merge", "data"], 1, "data cannot be read: it is a folder"),
                (
                    ["--merge", "pair.yaml"], 1,
                    "pair.yaml holds no results. Expected one in each line, but the first line is none"
                ),
                (
                    ["--schedule", "none.yaml"], 1,
                    "is unknown, and there is no such file. Expected paper, medium, short or"
                ),
                (
                    ["--methods", "kd,at,kd"], 64,
                    "--methods is kd,at,kd, expected each method once"
                ),
                (
                    ["--pairs", "vgg13-vgg8,VGG13-vgg8"], 64,
                    "--pairs is vgg13-vgg8,VGG13-vgg8, expected each pair once"
                ),
            ])
        func unknownNames(_ arguments: [String], _ status: Int32, _ words: String) throws {
            let outcome = try workshop.run(
                ["reproduce", "cifar100", "--output", workshop.fresh("study")] + arguments)
            #expect(outcome.status == status)
            #expect(outcome.sentence.contains(words), "\(outcome.errors)")
        }

        @Test("gives remedies that a study has, where a run would have others")
        func ownRemedies() throws {
            let (output, schedule) = (workshop.fresh("study"), workshop.fresh("own") + ".yaml")
            func reproduce(_ replacing: (String, String), _ also: [String] = []) throws -> Outcome {
                let text = Workshop.recipe.replacing(replacing.0, with: replacing.1)
                try workshop.write(Data(text.utf8), to: schedule)
                let arguments = workshop.reproduce(output, methods: "alone", seeds: "0", also: also)
                return try workshop.run(arguments.map { $0 == "pair.yaml" ? schedule : $0 })
            }
            try #expect(reproduce(("epochs: 2", "epochs: 2")).status == 0)
            try FileManager.default.removeItem(at: workshop.url(output + "/results.jsonl"))
            let differing = try reproduce(("learning_rate: 0.05", "learning_rate: 0.06"))
            #expect(differing.status == 1)
            let advice =
                " holds a run with other settings. Move it away to train the cell anew, repeat the "
                + "command that began it, or choose another --output."
            #expect(differing.sentence.hasPrefix("Error: 1 of 1 cells failed, the first with: "))
            #expect(differing.sentence.hasSuffix(advice), "\(differing.errors)")
            let warning = try #require(
                differing.errors.split(separator: "\n").first { $0.hasPrefix("warning: ") })
            #expect(warning.hasSuffix(advice), "\(differing.errors)")
            let large = try reproduce(("batch_size: 8", "batch_size: 1000000000"), ["--dry-run"])
            #expect(large.status == 1)
            #expect(
                large.sentence.hasSuffix(
                    "or give a recipe's file of your own with a smaller batch_size (reproduce: "
                        + "--schedule FILE; ablate: FILE in place of the recipe)."),
                "\(large.errors)")
            #expect(!(differing.errors + large.errors).contains("--resume"))
            #expect(!large.errors.contains("--set"))
        }

        @Test("refuses a teacher of another model and results of other settings, nothing lost")
        func refusals() throws {
            let output = workshop.fresh("study")
            let folder = output + "-teachers"
            try FileManager.default.createDirectory(
                at: workshop.url(folder), withIntermediateDirectories: true)
            try workshop.copy(
                workshop.reference + "/student-last.safetensors",
                to: folder + "/resnet14.safetensors")
            let other = try workshop.run(
                workshop.reproduce(output, seeds: "0", also: ["--teachers", folder]))
            #expect(other.status == 1)
            #expect(other.sentence.contains("resnet14.safetensors"), "\(other.errors)")
            #expect(
                other.sentence.hasSuffix(
                    "; they are those of resnet8; rename the file, or its folder, after resnet8, or take "
                        + "it out of the folder of --teachers"), "\(other.errors)")
            #expect(!workshop.exists(output + "/results.jsonl"))

            #expect(
                try workshop.run(workshop.reproduce(output, methods: "kd", seeds: "0")).status == 0)
            let results = try workshop.read(output + "/results.jsonl")
            // With the study's own seed it would be the same teacher, bit for bit.
            let trained = try workshop.run([
                "train", "pair.yaml", "--model", "resnet14", "--data", "data", "--output",
                folder + "/run", "--seed", "5",
            ])
            #expect(trained.status == 0, "\(trained.errors)")
            try FileManager.default.removeItem(at: workshop.url(folder + "/resnet14.safetensors"))
            try workshop.copy(
                folder + "/run/student-last.safetensors", to: folder + "/resnet14.safetensors")
            let another = try workshop.run(
                workshop.reproduce(
                    output, methods: "kd", seeds: "0,1", also: ["--teachers", folder]))
            #expect(another.status == 1)
            #expect(another.sentence.contains("with another teacher"), "\(another.errors)")
            let changed = try workshop.run(
                workshop.reproduce(output, methods: "alone", seeds: "0").map {
                    $0 == "float32" ? "bfloat16" : $0
                })
            #expect(changed.status == 1)
            #expect(changed.sentence.contains("with other settings"), "\(changed.errors)")
            let data = workshop.fresh("fewer")
            try workshop.write(
                SmallData.records(24, seed: 1), to: data + "/cifar-100-binary/train.bin")
            try workshop.copy(
                "data/cifar-100-binary/test.bin", to: data + "/cifar-100-binary/test.bin")
            let fewer = try workshop.run(
                workshop.reproduce(output, methods: "kd", seeds: "0,1").map {
                    $0 == "data" ? data : $0
                })
            #expect(fewer.status == 1)
            #expect(
                fewer.sentence.contains("with 32 training images, but now there are 24"),
                "\(fewer.errors)")
            try #expect(workshop.read(output + "/results.jsonl") == results)

            let text = String(decoding: results, as: UTF8.self)
            try workshop.write(
                Data(text.replacing("\"version\":1", with: "\"version\":9").utf8),
                to: output + "/results.jsonl")
            let newer = try workshop.run(workshop.reproduce(output, methods: "alone", seeds: "0"))
            #expect(newer.status == 1)
            #expect(newer.sentence.contains("results.jsonl:1: the line has version 9, expected 1"))
        }
    }
}
