import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Several seeds")
    struct SeedsTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("train as each of them alone, and leave a summary, also when resumed")
        func summary() throws {
            let output = workshop.fresh("seeds")
            let arguments = workshop.distill(to: output) + ["--seeds", "4,0"]
            let outcome = try workshop.run(arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let weights = "/student-last.safetensors"
            try #expect(
                workshop.read(output + "/seed-0" + weights)
                    == workshop.read(workshop.reference + weights))
            try #expect(
                workshop.read(output + "/seed-4" + weights)
                    != workshop.read(workshop.reference + weights))

            let summary = try workshop.read(output + "/summary.json")
            let object = try #require(
                JSONSerialization.jsonObject(with: summary) as? [String: Any])
            #expect(object["seeds"] as? [Int] == [4, 0])
            for name in ["top1", "top5"] {
                let found = try #require(object[name] as? [String: Any])
                let values = try ["seed-4", "seed-0"].map { folder in
                    let last = try workshop.metrics("\(output)/\(folder)").last
                    return try #require((last?["test"] as? [String: Any])?[name] as? Double)
                }
                #expect(found["values"] as? [Double] == values)
                let mean = try #require(found["mean"] as? Double)
                #expect(abs(mean - (values[0] + values[1]) / 2) < 1e-9)
                let deviation = try #require(found["std"] as? Double)
                #expect(abs(deviation - abs(values[0] - values[1]) / 2.0.squareRoot()) < 1e-9)
            }

            try FileManager.default.removeItem(at: workshop.url(output + "/summary.json"))
            let resumed = try workshop.run(arguments + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.output.contains("seed-4 holds a finished run; nothing was done."))
            try #expect(workshop.read(output + "/summary.json") == summary)
        }

        @Test("are refused before the first step where one of their folders cannot be used")
        func refusals() throws {
            let held = try workshop.run(
                workshop.distill(to: workshop.reference) + ["--seeds", "0"])
            #expect(held.status == 1)
            #expect(held.sentence.contains("already holds a run"))

            let one = workshop.fresh("seeds")
            try workshop.write(Data("name: a".utf8), to: one + "/seed-0/recipe.yaml")
            let single = try workshop.run(workshop.distill(to: one))
            #expect(
                single.sentence.contains(
                    "\(one) holds the runs of several seeds (found seed-0). Expected the folder of one run. Repeat"
                ),
                "\(single.errors)")

            let output = workshop.fresh("seeds")
            try workshop.write(Data("precious".utf8), to: output + "/seed-1/thesis.tex")
            let outcome = try workshop.run(workshop.distill(to: output) + ["--seeds", "0,1"])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains("seed-1 is not empty, and it is not the folder of a run"))
            #expect(!workshop.exists(output + "/seed-0/metrics.jsonl"))
        }
    }
}
