import Crypto
import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Recorded runs")
    struct RunsTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private func runs(_ arguments: String...) throws -> [String: Any] {
            let outcome = try workshop.run(["runs"] + arguments + ["--json"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try outcome.json()
        }

        @Test("of two seeds are listed, shown, compared and exported as their folders have them")
        func wholeLife() throws {
            let place = workshop.fresh("recorded")
            for seed in ["0", "1"] {
                let outcome = try workshop.run(
                    workshop.distill(to: "\(place)/seed-\(seed)") + ["--seed", seed])
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(!outcome.errors.contains("recorded"))
            }
            let list = try runs("list", "--records", place)
            let rows = try #require(list["runs"] as? [[String: Any]])
            #expect(rows.map { $0["name"] as? String } == ["seed-1", "seed-0"])
            #expect(rows.map { $0["state"] as? String } == ["finished", "finished"])
            let scores = try ["seed-1", "seed-0"].map { name in
                let test = try workshop.metrics("\(place)/\(name)").last?["test"] as? [String: Any]
                return try #require(test?["top1"] as? Double)
            }
            #expect(rows.map { $0["score"] as? Double } == scores)
            // Each column begins below its heading.
            let table = try workshop.run(["runs", "list", "--records", place]).output
                .split(separator: "\n").map(Array.init)
            let heading = try #require(table.first)
            for start in heading.indices.dropFirst()
            where heading[start] != " " && heading[start - 1] == " " {
                #expect(table[1][start] != " " && table[1][start - 1] == " ")
            }
            let groups = try #require(list["groups"] as? [[String: Any]])
            #expect(groups.count == 1)
            #expect(groups.first?["seeds"] as? [Int] == [0, 1])
            #expect(groups.first?["mean"] as? Double == (scores[0] + scores[1]) / 2)

            let shown = try runs("show", "seed-0", "--records", place)
            let recipe = String(
                decoding: try workshop.read(place + "/seed-0/recipe.yaml"), as: UTF8.self)
            #expect(shown["recipe"] as? String == recipe)
            let details = try #require(shown["details"] as? [String: Any])
            #expect((details["command"] as? String)?.contains("--seed 0") == true)
            let metrics = try #require(shown["metrics"] as? [[String: Any]])
            let lines = try workshop.metrics(place + "/seed-0")
            #expect(metrics.map { $0["step"] as? Int } == lines.map { $0["step"] as? Int })
            for (metric, line) in zip(metrics, lines) {
                let train = try #require(line["train"] as? [String: Double])
                for (name, value) in train { #expect(metric["train/\(name)"] as? Double == value) }
            }
            let files = try #require(shown["artefacts"] as? [[String: Any]])
            let weights = try #require(
                files.first { $0["path"] as? String == "student-last.safetensors" })
            let bytes = try workshop.read(place + "/seed-0/student-last.safetensors")
            #expect(weights["bytes"] as? Int == bytes.count)
            #expect(
                weights["sha256"] as? String
                    == SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined())

            let compared = try runs("compare", "seed-0", "seed-1", "--records", place)
            let differences = try #require(compared["differences"] as? [[String: Any]])
            #expect(differences.map { $0["key"] as? String } == ["seed"])
            #expect(differences.first?["values"] as? [String] == ["0", "1"])

            let csv = try workshop.run(["runs", "export", "--format", "csv", "--records", place])
            #expect(csv.output.split(separator: "\n").count == 3)
            let latex = try workshop.run([
                "runs", "export", "--format", "latex", "--records", place,
            ])
            #expect(latex.output.contains("test/pair & reviewkd & top1 & "))
            let jsonl = try workshop.run([
                "runs", "export", "seed-1", "--format", "jsonl", "--records", place,
            ])
            let curves = try #require(try jsonl.json()["curves"] as? [String: Any])
            let curve = try #require(curves["step/review"] as? [String: Any])
            #expect(curve["steps"] as? [Int] == Array(1...Workshop.steps))
        }

        @Test("are made anew from their folders, and a study's give its table again, byte for byte")
        func index() throws {
            let output = workshop.fresh("study")
            let study = try workshop.run(workshop.reproduce(output, seeds: "0,1") + ["--json"])
            #expect(study.status == 0, "\(study.errors)")
            let recorded = try runs("list", "--records", output)
            for file in try FileManager.default.contentsOfDirectory(
                atPath: workshop.url(output).path)
            where file.hasPrefix("runs.sqlite") {
                try FileManager.default.removeItem(at: workshop.url("\(output)/\(file)"))
            }
            let indexed = try runs("index", output)
            #expect(indexed["runs"] as? Int == 7)
            let again = try runs("list", "--records", output)
            func facts(_ list: [String: Any]) throws -> Set<String> {
                let rows = try #require(list["runs"] as? [[String: Any]])
                return Set(
                    rows.map {
                        "\($0["name"] ?? "") \($0["state"] ?? "") \($0["score"] ?? "") \($0["step"] ?? "")"
                    })
            }
            #expect(try facts(again) == facts(recorded))
            let table = try workshop.run([
                "runs", "export", "--format", "table", "--records", output,
            ])
            #expect(table.output == study.output)
        }

        @Test("that were killed are interrupted, and go on in the same record")
        func killed() throws {
            let place = workshop.fresh("killed")
            let output = place + "/run"
            let arguments = workshop.distill(to: output) + ["--checkpoint-every", "2"]
            let killed = try workshop.run(
                arguments, environment: ["REVIEWKD_EXIT_AT": "before-rename:2"])
            #expect(killed.status == 75)
            let rows = try runs("list", "--records", place)["runs"] as? [[String: Any]]
            #expect(rows?.first?["state"] as? String == "interrupted")
            #expect(try workshop.run(arguments + ["--resume"]).status == 0)
            let after = try runs("list", "--records", place)["runs"] as? [[String: Any]]
            #expect(after?.count == 1)
            #expect(after?.first?["id"] as? Int == rows?.first?["id"] as? Int)
            #expect(after?.first?["state"] as? String == "finished")
            #expect(after?.first?["step"] as? Int == Workshop.steps)
        }

        @Test("that fail are recorded with the error's sentence")
        func failed() throws {
            let place = workshop.fresh("failed")
            let outcome = try workshop.run(
                workshop.distill(to: place + "/run") + ["--set", "optimizer.learning_rate=1e30"])
            #expect(outcome.status == 1)
            let rows = try runs("list", "--records", place)["runs"] as? [[String: Any]]
            #expect(rows?.first?["state"] as? String == "failed")
            let reason = try #require(rows?.first?["reason"] as? String)
            #expect(outcome.sentence.hasPrefix("Error: " + reason.prefix(40)))
        }

        @Test("that cannot be recorded go on, with one warning")
        func unrecorded() throws {
            let foreign = workshop.fresh("notes")
            try workshop.write(Data("these are notes, and no database\n".utf8), to: foreign)
            for records in ["/proc/runs.sqlite", foreign] {
                let output = workshop.fresh("unrecorded")
                let outcome = try workshop.run(
                    workshop.distill(to: output) + ["--records", records])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let warnings = outcome.errors.components(
                    separatedBy: "warning: the run is not recorded: ")
                #expect(warnings.count == 2, "\(outcome.errors)")
                let weights = "/student-last.safetensors"
                try #expect(
                    workshop.read(output + weights) == workshop.read(workshop.reference + weights))
            }
            #expect(
                try workshop.read(foreign) == Data("these are notes, and no database\n".utf8))
        }

        @Test("are deleted alone, or with their folder where that is asked for")
        func deletion() throws {
            let place = workshop.fresh("deleted")
            for name in ["a", "b"] {
                #expect(try workshop.run(workshop.distill(to: "\(place)/\(name)")).status == 0)
            }
            let record = try workshop.run(["runs", "delete", "a", "--records", place])
            #expect(record.status == 0, "\(record.errors)")
            #expect(workshop.exists(place + "/a/recipe.yaml"))
            let folder = try workshop.run([
                "runs", "delete", "b", "--with-folder", "--records", place,
            ])
            #expect(folder.status == 0, "\(folder.errors)")
            #expect(!workshop.exists(place + "/b"))
            #expect((try runs("list", "--records", place)["runs"] as? [Any])?.isEmpty == true)
        }

        @Test(
            "that are not there, and files that are none, are one sentence",
            arguments: [
                (["runs", "list", "--records", "none.sqlite"], "reviewkd runs index DIR"),
                (
                    ["runs", "list", "--records", "pair.yaml"],
                    "pair.yaml is no file of run records"
                ),
                (["runs", "show", "nobody", "--records", "."], "no run is called nobody"),
                (["runs", "index", "none"], "none"),
            ])
        func wrong(_ arguments: [String], _ expected: String) throws {
            let outcome = try workshop.run(arguments)
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains(expected), "\(outcome.errors)")
            #expect(!outcome.errors.contains("SQLite"), "\(outcome.errors)")
        }
    }
}
