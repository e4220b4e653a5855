import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("The folder of a study")
    struct StudyFolderTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// Both commands, to train and to plan.
        private func studies(_ output: String) -> [[String]] {
            let reproduce = workshop.reproduce(output, methods: "kd", seeds: "0")
            let ablate = [
                "ablate", "components", "pair.yaml", "--seeds", "0", "--data", "data", "--output",
                output, "--precision", "float32", "--threads", "1",
            ]
            return [reproduce, ablate].flatMap { [$0, $0 + ["--dry-run"]] }
        }

        private func expectRefusal(_ output: String, _ sentence: String) throws {
            let before = try workshop.contents(output)
            for arguments in studies(output) {
                let outcome = try workshop.run(arguments)
                #expect(outcome.status == 1)
                #expect(outcome.sentence == "Error: \(sentence) Choose another --output.")
                #expect(outcome.output.isEmpty)
                try #expect(workshop.contents(output) == before)
            }
        }

        @Test(
            "that holds other things is refused",
            arguments: ["a.txt", ".hidden", "tables/table.md", "lock.txt"])
        func foreign(_ file: String) throws {
            let output = workshop.fresh("full")
            try workshop.write(Data("precious".utf8), to: "\(output)/\(file)")
            let found = file.split(separator: "/")[0]
            try expectRefusal(
                output,
                "\(output) is not empty, and it is not the folder of a study (found \(found)). "
                    + "Expected an empty folder, or a name that is not taken.")
            // Neither what a folder of runs nor what a lock of another program is called makes a study.
            for name in ["runs/mine/recipe.yaml", "lock"] {
                let output = workshop.fresh("full")
                try workshop.write(Data("precious".utf8), to: "\(output)/\(file)")
                try workshop.write(Data(), to: "\(output)/\(name)")
                let outcome = try workshop.run(studies(output)[1])
                #expect(outcome.sentence.contains("(found \(found))"), "\(outcome.errors)")
            }
        }

        @Test("that is a run's, or that of several seeds' runs, is refused with words of its own")
        func runs() throws {
            func sentence(_ output: String, _ found: String) -> String {
                "\(output) holds a run that is no part of a study (found \(found)). Expected the folder "
                    + "of a study, an empty folder, or a name that is not taken."
            }
            let run = workshop.reference
            try expectRefusal(run, sentence(run, "checkpoint"))
            let several = workshop.fresh("seeds")
            try workshop.write(Data(), to: several + "/summary.json")
            try workshop.copy(run, to: several + "/seed-0")
            try expectRefusal(several, sentence(several, "seed-0"))
        }

        @Test("that holds what the study is given is taken, and with anything else it is refused")
        func given() throws {
            let output = workshop.fresh("given")
            for (source, target) in [
                (workshop.teacher, "teachers/resnet14.safetensors"), ("pair.yaml", "mine.yaml"),
                ("data/cifar-100-binary/train.bin", "images/cifar-100-binary/train.bin"),
                ("data/cifar-100-binary/test.bin", "images/cifar-100-binary/test.bin"),
            ] {
                try workshop.write(workshop.read(source), to: "\(output)/\(target)")
            }
            let arguments = [
                "reproduce", "cifar100", "--pairs", "resnet14-resnet8", "--methods", "kd",
                "--seeds",
                "0", "--schedule", "\(output)/../\(output)/mine.yaml", "--data", output + "/images",
                "--teachers", "./\(output)/teachers/", "--output", output, "--dry-run",
            ]
            let plan = try workshop.run(arguments)
            #expect(plan.status == 0, "\(plan.errors)")
            try workshop.write(Data(), to: output + "/other.jsonl")
            let refused = try workshop.run(arguments)
            #expect(refused.sentence.contains("(found other.jsonl)"), "\(refused.errors)")
            let merged = try workshop.run(
                arguments.filter { $0 != "--dry-run" } + ["--merge", output + "/other.jsonl"])
            #expect(merged.status == 0, "\(merged.errors)")
        }

        @Test(
            "that an earlier study left goes on, also one without a result and with somebody's notes",
            arguments: [
                [], ["lock"], ["lock", "table.md", "table.csv", "ablation-stages.svg"],
                ["runs/pair/resnet14/teacher/seed-0/checkpoint/lock"],
                ["results.jsonl", "notes.txt"], ["results.jsonl.partial", "lock"],
                ["lock", "runs/pair/resnet14/teacher/seed-0/checkpoint/lock", "notes.txt"],
                // As one that was begun in a run's folder before that was refused.
                ["lock", "runs/pair/resnet14/teacher/seed-0/checkpoint/lock", "recipe.yaml"],
            ])
        func earlier(_ files: [String]) throws {
            let output = workshop.fresh("earlier")
            try FileManager.default.createDirectory(
                at: workshop.url(output), withIntermediateDirectories: true)
            for file in files { try workshop.write(Data(), to: "\(output)/\(file)") }
            let before = try workshop.contents(output)
            let plan = try workshop.run(
                workshop.reproduce(output, methods: "alone", seeds: "0", also: ["--dry-run"]))
            #expect(plan.status == 0, "\(plan.errors)")
            try #expect(workshop.contents(output) == before)
            // Nothing is trained where there is nothing to run but the merging of no results.
            let empty = workshop.fresh("none") + ".jsonl"
            try workshop.write(Data(), to: empty)
            let merged = try workshop.run(
                workshop.reproduce(
                    output, methods: "alone", seeds: "0", also: ["--merge", empty]))
            #expect(merged.status == 0, "\(merged.errors)")
            #expect(workshop.exists(output + "/table.md"))
        }
    }
}
