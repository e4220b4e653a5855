import Distillation
import Foundation
import Testing
import VisionModels

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
            "| paper | resnet56-resnet20 | teacher | 72.63 | 1 | 72.34 | +0.29 |  |",
            "| paper | resnet56-resnet20 | alone | 69.00 | 1 | 69.06 | -0.06 |  |",
            "| paper | resnet56-resnet20 | kd | 72.00 ± 1.41 | 2 | 70.66 | +1.34 | "
                + "(+2.00 ± 25.41, n = 1) |",
            "| paper | resnet56-resnet20 | dist |  | 0 |  |  |  |",
            "| paper | vgg13-MobileNetV2 | alone | 64.00 | 1 | 64.60 | -0.60 |  |",
        ] { #expect(text.contains(line + "\n"), "\(text)") }
        #expect(
            table.csv.contains(
                "paper,resnet56-resnet20,kd,72.00,1.41,2,,70.66,2.00,1,25.41\n"))
        #expect(PublishedAccuracies.top1("resnet32x4-ShuffleV2", "reviewkd") == 77.78)
        #expect(PublishedAccuracies.top1("wrn_40_2-MobileNetV2", "dkd") == 69.28)
        #expect(PublishedAccuracies.top1("ResNet50-MobileNetV2", "at") == 58.58)
        #expect(PublishedAccuracies.top1("resnet32x4-ShuffleV1", "ofd") == nil)
    }

    @Test("What was best on the test set is in no form of the table unless it is asked for")
    func bestOnTest() throws {
        let results = [CellResult.example("kd", 71), .example("kd", seed: 1, 73)]
        let plain = StudyTable([], results: results)
        #expect(!plain.markdown.contains("72.50") && !plain.csv.contains("test_best"))
        #expect(plain.rows.allSatisfy { $0.testBest.isEmpty })
        let asked = StudyTable([], results: results, showsTestBest: true)
        #expect(asked.markdown.contains("| 72.00 ± 1.41 | 2 | 72.50 ± 1.41 |"))
        #expect(asked.csv.contains("paper,resnet56-resnet20,kd,72.00,1.41,2,,72.50,70.66,,0,\n"))
    }

    /// By hand: the deviations from the means are ±0.5, ±1 and (-1, 0, 1), so that the pooled variance is
    /// (0.5 + 2 + 2) / 4 = 1.125; the 97.5 % quantile of Student's distribution with four degrees of
    /// freedom is 2.776 in every table of it.
    @Test("A lead is over common seeds, and judged by the scatter of all methods")
    func leads() throws {
        let results = [
            CellResult.example("alone", 50), .example("alone", seed: 1, 51),
            .example("kd", 60), .example("kd", seed: 1, 62),
            .example("at", seed: 1, 54), .example("at", seed: 2, 53), .example("at", seed: 3, 52),
        ]
        let rows = StudyTable([], results: results).rows
        let kd = try #require(rows.first { $0.method == "kd" })
        #expect(kd.leads == [10, 11] && kd.lead == 10.5 && !kd.isWithinNoise)
        #expect(abs(try #require(kd.leadNoise) - 2.776 * 1.125.squareRoot()) < 1e-9)
        let at = try #require(rows.first { $0.method == "at" })
        #expect(at.leads == [3] && at.isWithinNoise)
        #expect(abs(try #require(at.leadNoise) - 2.776 * (2 * 1.125).squareRoot()) < 1e-9)
        // Nothing to judge by.
        let single = StudyTable([], results: Array(results.prefix(1) + results[2...2])).rows
        #expect(single.last?.lead == 10 && single.last?.isWithinNoise == true)
    }

    /// Values of Student's distribution from any table of it.
    @Test("The quantile of Student's distribution is right to a thousandth for any number of seeds")
    func quantiles() throws {
        for (freedom, quantile) in [(1, 12.706), (8, 2.306), (11, 2.201), (12, 2.179), (30, 2.042)]
        {
            let noise = try #require(
                SeedNoise((0..<freedom).map { _ in [0, 2.0.squareRoot()] }))
            #expect(noise.degreesOfFreedom == freedom && abs(noise.deviation - 1) < 1e-12)
            #expect(abs(noise.halfWidth(seeds: 2) - quantile) < 1e-3, "\(freedom)")
        }
    }

    @Test("Beside another data set's accuracies nothing that was published is shown")
    func otherDataset() throws {
        var recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short").studentAlone
        recipe.dataset.name = .cifar10
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
            .example("stages/1-2", 59.5), .example("kd", 64), .example("kd", seed: 1, 64.4),
            .example("at", 64.1), .example("at", seed: 1, 64.4),
        ]
        let pair = ModelPair(.resnet56, .resnet20)
        let map = StageHeatMap(StudyTable([], results: results), pair: pair, schedule: "paper")
        #expect(map.leads.count == 4 && map.leads.allSatisfy { $0.count == 4 })
        #expect(map.leads[1][0] == .init(points: 3, isWithinNoise: false))
        #expect(map.leads[0][1] == .init(points: -0.5, isWithinNoise: true))
        #expect(map.leads.joined().count { $0 != nil } == 2)
        #expect(map.svg.contains(">+3.00</text>") && map.svg.contains(">(-0.50)</text>"))
        #expect(map.svg.contains(">teacher pooled</text>"))
    }
}
