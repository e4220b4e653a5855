import Distillation
import Foundation
import Testing
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

@Suite("Tables of studies")
struct StudyTableTests {
    /// Means, deviations and differences are worked out by hand; the published values are those of the
    /// project's reference, tables B.1 and B.2.
    @Test("The table puts means and sample deviations beside what was published")
    func table() throws {
        let cells = try Cell.all(
            pairs: [ModelPair(.resnet56, .resnet20)], methods: [[.kd], [.dist]], seeds: [0],
            schedule: .paper, precision: .float32)
        let results = [
            CellResult.example("alone", 69), .example("kd", seed: 2, 73), .example("kd", 71),
            .example("alone", 64, pair: "vgg13-MobileNetV2"),
            .example("teacher", 72.63, pair: "resnet56"),
        ]
        let table = StudyTable(cells, results: results)
        let text = table.markdown
        for line in [
            "| paper | resnet56-resnet20 | teacher | 72.63 | 1 | 72.34 | last epoch of 240, batch 64 | +0.29 |  |",
            "| paper | resnet56-resnet20 | alone | 69.00 | 1 | 69.06 | last epoch of 240, batch 64 | -0.06 "
                + "|  |",
            "| paper | resnet56-resnet20 | kd | 72.00 ± 1.41 | 2 | 70.66 | last epoch of 240, batch 64 | "
                + "+1.34 | (+2.00, n = 1) |",
            "| paper | resnet56-resnet20 | dist |  | 0 |  |  |  |  |",
            "| paper | vgg13-MobileNetV2 | alone | 64.00 | 1 | 64.60 | last epoch of 240, batch 64 | -0.60 "
                + "|  |",
        ] { #expect(text.contains(line + "\n"), "\(text)") }
        #expect(
            table.csv.contains(
                "paper,resnet56-resnet20,kd,72.00,1.41,2,,70.66,1.34,2.00,1,\n"))
        let json = try JSONEncoder().encode(table.rows[2])
        let kd = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(kd["n"] as? Int == 2 && kd["mean"] as? Double == 72)
        #expect(abs(try #require(kd["difference"] as? Double) - 1.34) < 1e-9)
        #expect(abs(try #require(kd["std"] as? Double) - 2.0.squareRoot()) < 1e-9)
        let alone = try JSONEncoder().encode(table.rows[1])
        #expect(!String(decoding: alone, as: UTF8.self).contains("std"))
        #expect(kd["published_protocol"] as? String == "last epoch of 240, batch 64")
        #expect(PublishedAccuracies.top1("resnet32x4-ShuffleV2", "reviewkd") == 77.78)
        #expect(PublishedAccuracies.top1("wrn_40_2-MobileNetV2", "dkd") == 69.28)
        #expect(PublishedAccuracies.top1("ResNet50-MobileNetV2", "at") == 58.58)
        #expect(PublishedAccuracies.top1("resnet32x4-ShuffleV1", "ofd") == nil)
        #expect(PublishedAccuracies.top1("resnet56-resnet20", "mlkd") == 72.19)
        #expect(PublishedAccuracies.top1("wrn_40_2-wrn_40_1", "reviewkd+nd") == 75.66)
        #expect(PublishedAccuracies.top1("vgg13-vgg8", "reviewkd+nd") == nil)
    }

    @Test(
        "Accuracies on held-out images and of the averaged student have columns where there are some"
    )
    func heldOut() {
        func line(_ change: (inout CellResult) -> Void) -> String {
            var result = CellResult.example("reviewkd", 71)
            change(&result)
            return StudyTable([], results: [result]).markdown
        }
        let plain = line { _ in }
        #expect(!plain.contains("held-out") && !plain.contains("mean of weights"))
        let split = line {
            $0.validationTop1 = 70.5
            $0.validationBestTop1 = 70.75
        }
        #expect(split.contains("| n | on held-out images | best on held-out images | published |"))
        #expect(
            split.contains("| reviewkd | 71.00 | 1 | 70.50 | 70.75 | 71.89 | best test epoch of"))
        let both = line {
            $0.validationTop1 = 70.5
            $0.validationBestTop1 = 70.75
            $0.averagedTop1 = 72.25
            $0.averagedValidationTop1 = 71.5
        }
        #expect(both.contains("| 71.00 | 1 | 70.50 | 70.75 | 72.25 | 71.50 | 71.89 |"))
    }

    @Test("What was best on the test set is in no form of the table unless it is asked for")
    func bestOnTest() throws {
        let results = [CellResult.example("kd", 71), .example("kd", seed: 1, 73)]
        let plain = StudyTable([], results: results)
        #expect(!plain.markdown.contains("72.50") && !plain.csv.contains("test_best"))
        #expect(plain.rows.allSatisfy { $0.testBest.isEmpty })
        let asked = StudyTable([], results: results, showsTestBest: true)
        #expect(asked.markdown.contains("| 72.00 ± 1.41 | 2 | 72.50 ± 1.41 |"))
        #expect(
            asked.csv.contains("paper,resnet56-resnet20,kd,72.00,1.41,2,,72.50,70.66,1.34,,0,\n"))
    }

    @Test("A schedule's name breaks neither the Markdown nor the comma-separated table")
    func names() {
        let table = StudyTable([], results: [.example("kd", 71, schedule: "a,\"b\"|c")])
        #expect(table.csv.contains("\n\"a,\"\"b\"\"|c\",resnet56-resnet20,kd,71.00,"))
        #expect(table.markdown.contains("| a,\"b\"\\|c | resnet56-resnet20 | kd | 71.00 |"))
    }

    @Test("Beside accuracies on a part of the images nothing that was published is shown")
    func subset() {
        var result = CellResult.example("kd", 71)
        #expect(StudyTable([], results: [result]).rows.last?.published == 70.66)
        result.trainingImages = 500
        #expect(StudyTable([], results: [result]).rows.last?.published == nil)
    }

    /// By hand: KD and the student alone with seeds 0 and 1 are 10 and 11 apart, so that what method and
    /// seed do not account for is ±0.25 four times, with one degree of freedom; AT shares one seed with
    /// them, and with its own two the other adds nothing.
    @Test("A lead is over common seeds, and judged by what method and seed do not account for")
    func leads() throws {
        let results = [
            CellResult.example("alone", 50), .example("alone", seed: 1, 57),
            .example("kd", 60), .example("kd", seed: 1, 68),
            .example("at", seed: 1, 60), .example("at", seed: 2, 53), .example("sp", 50.5),
        ]
        let rows = StudyTable([], results: results).rows
        let kd = try #require(rows.first { $0.method == "kd" })
        #expect(kd.leads == [10, 11] && kd.lead == 10.5 && !kd.isWithinNoise)
        #expect(abs(try #require(kd.leadNoise) - 12.706 * 0.5) < 1e-9)
        let at = try #require(rows.first { $0.method == "at" })
        #expect(at.leads == [3] && at.isWithinNoise)
        #expect(abs(try #require(at.leadNoise) - 12.706 * 0.5 * 2.0.squareRoot()) < 1e-9)
        // Nothing to judge by.
        let single = StudyTable([], results: Array(results.prefix(3))).rows
        #expect(single.last?.lead == 10 && single.last?.isWithinNoise == true)
    }

    /// A complete table is a textbook's two-way analysis of variance: residuals are each value less the
    /// means of its row and column plus that of all.
    @Test(
        "Noise is what a two-way analysis of variance leaves, and a run with two names counts once")
    func analysisOfVariance() throws {
        let table = [[50.0, 51, 49.5], [60, 60.5, 60], [55, 57, 54]]
        let rowMeans = table.map { $0.reduce(0, +) / 3 }
        let columnMeans = (0..<3).map { seed in table.reduce(0) { $0 + $1[seed] } / 3 }
        let mean = rowMeans.reduce(0, +) / 3
        var squares = 0.0
        var results: [CellResult] = []
        for (method, values) in table.enumerated() {
            for (seed, value) in values.enumerated() {
                squares += pow(value - rowMeans[method] - columnMeans[seed] + mean, 2)
                results.append(.example("m\(method)", seed: seed, value))
            }
        }
        let values = results.map {
            SeedNoise.Value(method: $0.method, seed: $0.seed, top1: $0.top1)
        }
        let noise = try #require(SeedNoise(values))
        #expect(noise.degreesOfFreedom == 4)
        #expect(abs(noise.deviation - (squares / 4).squareRoot()) < 1e-9)

        results.append(.example("alone", 40))
        let lead = StudyTable([], results: results).rows.compactMap(\.leadNoise).first
        results += (0..<3).map { seed in
            .example(
                // Another machine may have given another accuracy.
                "twin", seed: seed, table[2][seed] + 0.5, recipe: "resnet56-resnet20 m2 \(seed)")
        }
        #expect(lead != nil)
        #expect(StudyTable([], results: results).rows.compactMap(\.leadNoise).first == lead)
    }

    @Test("Methods without a common seed are each by themselves")
    func islands() throws {
        func value(_ method: String, _ seed: Int, _ top1: Double) -> SeedNoise.Value {
            SeedNoise.Value(method: method, seed: seed, top1: top1)
        }
        #expect(SeedNoise([value("a", 0, 1), value("a", 1, 2), value("b", 2, 4)]) == nil)
        let square = [value("a", 0, 0), value("a", 1, 1), value("b", 0, 0), value("b", 1, 0)]
        let two = square + square.map { value($0.method + "'", $0.seed + 5, $0.top1) }
        let noise = try #require(SeedNoise(two))
        #expect(noise.degreesOfFreedom == 2 && abs(noise.deviation - 0.5) < 1e-9)
    }

    /// Values of Student's distribution from any table of it.
    @Test("The quantile of Student's distribution is right to a thousandth for any number of seeds")
    func quantiles() throws {
        for (freedom, quantile) in [(1, 12.706), (8, 2.306), (11, 2.201), (12, 2.179), (30, 2.042)]
        {
            // One pair of methods for each degree, with seeds of its own.
            let values = (0..<freedom).flatMap { pair in
                [(0, 0, 0.0), (0, 1, 2), (1, 0, 0), (1, 1, 0)].map { method, seed, top1 in
                    SeedNoise.Value(
                        method: "\(pair) \(method)", seed: 2 * pair + seed, top1: top1)
                }
            }
            let noise = try #require(SeedNoise(values))
            #expect(noise.degreesOfFreedom == freedom && abs(noise.deviation - 1) < 1e-9)
            #expect(abs(noise.halfWidth(seeds: 2) - quantile) < 1e-3, "\(freedom)")
        }
    }

    @Test("Beside another data set's accuracies nothing that was published is shown")
    func otherDataset() throws {
        var recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short").studentAlone
        recipe.dataset.images = .cifar10
        let cell = Cell(
            pair: "resnet56-resnet20", method: "alone", schedule: "short", recipe: recipe)
        #expect(StudyTable([cell], results: []).rows.allSatisfy { $0.published == nil })
    }

    @Test("Every published pair has its values, and every value its pair")
    func published() {
        for pair in ModelPair.published {
            for method in ["teacher", "alone", "kd", "reviewkd", "dkd"] {
                #expect(
                    PublishedAccuracies.top1(pair.name, method) != nil, "\(pair.name) \(method)")
            }
        }
    }

    @Test("The heat map shows each lead in its place, and a gap where there is none")
    func heatMap() {
        let results = [
            CellResult.example("alone", 60), .example("stages/2-1", 63),
            .example("stages/1-2", 59.9), .example("kd", 64), .example("kd", seed: 1, 64.4),
            .example("at", 64.1), .example("at", seed: 1, 64.4),
        ]
        let pair = ModelPair(.resnet56, .resnet20)
        let map = StageHeatMap(StudyTable([], results: results), pair: pair, schedule: "paper")
        #expect(map.leads.count == 4 && map.leads.allSatisfy { $0.count == 4 })
        #expect(map.leads[1][0] == .init(points: 3, isWithinNoise: false))
        #expect(map.leads[0][1]?.isWithinNoise == true)
        #expect(map.leads.joined().count { $0 != nil } == 2)
        #expect(map.svg.contains(">+3.00</text>") && map.svg.contains(">(-0.10)</text>"))
        #expect(map.svg.contains(">teacher pooled</text>"))
    }
}
