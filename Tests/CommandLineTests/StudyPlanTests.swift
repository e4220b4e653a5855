import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Planning a table")
    struct StudyPlanTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("plans without training, as one JSON object with --json")
        func dryRun() throws {
            let output = workshop.fresh("study")
            let outcome = try workshop.run(
                workshop.reproduce(output, seeds: "0", also: ["--dry-run", "--json", "--quiet"]))
            #expect(outcome.status == 0, "\(outcome.errors)")
            let plan = try outcome.json()
            let cells = try #require(plan["cells"] as? [[String: Any]])
            #expect(
                cells.compactMap { $0["method"] as? String } == [
                    "teacher", "alone", "kd", "reviewkd",
                ])
            // Two epochs of 32 images in batches of 8.
            #expect(cells.allSatisfy { $0["steps"] as? Int == 8 })
            #expect(plan["steps"] as? Int == 4 * 8)
            #expect(try #require(plan["seconds"] as? Double) > 0)
            #expect(try #require(plan["disk_bytes"] as? Int) > 0)
            #expect(!workshop.exists(output))
        }

        @Test(
            "plans with the published numbers of images without data, and without what a run has done"
        )
        func dryRunOfBegunCells() throws {
            let output = workshop.fresh("study")
            // As if ended behind step 12,000 of two epochs of 50,000 images in batches of 8.
            try workshop.write(
                Data(),
                to: output + "/runs/pair/resnet14-resnet8/kd/seed-0/checkpoint/"
                    + "step-0000012000.safetensors")
            let plan = try workshop.run([
                "reproduce", "cifar100", "--pairs", "resnet14-resnet8", "--methods", "kd",
                "--seeds", "0", "--schedule", "pair.yaml", "--output", output, "--dry-run",
                "--json", "--quiet",
            ]).json()
            let cells = try #require(plan["cells"] as? [[String: Any]])
            #expect(cells.map { $0["steps"] as? Int } == [12_500, 12_500, 12_500])
            #expect(plan["steps"] as? Int == 2 * 12_500 + 500)
            #expect(cells.map { $0["steps_left"] as? Int } == [12_500, 12_500, 500])
            let seconds = cells.compactMap { $0["seconds"] as? Double }
            #expect(seconds.count == 3 && seconds[2] < seconds[1])
        }

        @Test("opens each teacher that is given, and says loudly which would have to be trained")
        func dryRunOfTeachers() throws {
            let folder = workshop.fresh("teachers")
            let given = folder + "/ResNet14_vanilla/ckpt_epoch_240.pth"
            try workshop.write(workshop.read(workshop.teacher), to: given)
            func plan(_ output: String) throws -> Outcome {
                try workshop.run(
                    workshop.reproduce(
                        output, methods: "kd", seeds: "0",
                        also: ["--dry-run", "--teachers", folder, "--quiet"]))
            }
            let found = try plan(workshop.fresh("study"))
            #expect(found.status == 0, "\(found.errors)")
            #expect(found.errors.contains("note: resnet14's weights are those of \(given)\n"))
            #expect(!found.errors.contains("will be trained first"))
            try workshop.write(workshop.read(workshop.teacher).dropLast(100), to: given)
            let damaged = try plan(workshop.fresh("study"))
            #expect(damaged.status == 1)
            #expect(damaged.sentence.contains("\(given) is not a valid safetensors file"))
            try FileManager.default.removeItem(at: workshop.url(given))
            let missing = try plan(workshop.fresh("study"))
            let words =
                "warning: \(folder) has no weights of resnet14, so this teacher will be trained first. "
                + "The folder has ResNet14_vanilla/. To save the time, name a file after its model"
            #expect(missing.errors.contains(words), "\(missing.errors)")
            let deep = folder + "/cifar_teachers"
            try workshop.write(
                workshop.read(workshop.teacher), to: deep + "/resnet14_vanilla/ckpt_epoch_240.pth")
            let high = try plan(workshop.fresh("study"))
            let advice =
                "The folder has ResNet14_vanilla/, cifar_teachers/. Give --teachers \(deep), which "
                + "has such files.\n"
            #expect(high.errors.contains(advice), "\(high.errors)")
        }

        @Test("takes lists with spaces around their commas")
        func spacesInLists() throws {
            func plan(_ pairs: String, _ methods: String, _ seeds: String) throws -> [[String]] {
                let outcome = try workshop.run([
                    "reproduce", "cifar100", "--pairs", pairs, "--methods", methods, "--seeds",
                    seeds, "--schedule", "pair.yaml", "--data", "data", "--output",
                    workshop.fresh("study"), "--precision", "float32", "--dry-run", "--json",
                    "--quiet", "--teacher-normalization", "0.5, 0.5 ,0.5/1, 1, 1",
                    "--teachers", "given",
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let cells = try #require(try outcome.json()["cells"] as? [[String: Any]])
                return cells.map { cell in ["pair", "method", "seed"].map { "\(cell[$0] ?? "")" } }
            }
            try workshop.write(workshop.read(workshop.teacher), to: "given/resnet14.safetensors")
            let spaced = try plan(" resnet14-resnet8, resnet14-resnet14", "kd, at ", "0 , 1")
            #expect(spaced == (try plan("resnet14-resnet8,resnet14-resnet14", "kd,at", "0,1")))
            // The student alone is planned beside the two methods.
            #expect(spaced.count == 2 * 3 * 2)
        }

        @Test("plans no split that the images do not allow")
        func dryRunOfLargeSplit() throws {
            let schedule = workshop.fresh("split") + ".yaml"
            try workshop.write(
                Data((Workshop.recipe + "validation: {split: 32}\n").utf8), to: schedule)
            let outcome = try workshop.run(
                workshop.reproduce(workshop.fresh("study"), also: ["--dry-run"])
                    .map { $0 == "pair.yaml" ? schedule : $0 })
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains("holds out 32 of 32 training images"),
                "\(outcome.errors)")
        }
    }
}
