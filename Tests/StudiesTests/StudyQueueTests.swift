import Distillation
import Foundation
import Testing
import Torch
import TorchNN
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

@Suite("The queue of a study")
struct StudyQueueTests {
    private func cells(_ pairs: [ModelPair], seeds: [Int] = [0]) throws -> [Cell] {
        try Cell.all(
            pairs: pairs, methods: [[.kd], [.at], [.reviewkd]], seeds: seeds, schedule: .short,
            precision: .float32)
    }

    private func groups(_ cells: [Cell], _ settings: StudySettings) -> [[String]] {
        let queue = StudyQueue(cells, settings: settings, done: 0, of: cells.count)
        var groups: [[String]] = []
        while let group = queue.next() { groups.append(group.map(\.key.description)) }
        return groups
    }

    @Test("Students that see the same batches of one teacher are handed out together, others alone")
    func classes() throws {
        let cells = try cells(
            [ModelPair(.resnet56, .resnet20), ModelPair(.vgg13, .vgg8)], seeds: [0, 1])
        let found = groups(cells, StudySettings(output: "nowhere"))
        // Per seed and pair the student alone, and three that are taught.
        #expect(found.map(\.count) == [1, 3, 1, 3, 1, 3, 1, 3])
        #expect(found[1].allSatisfy { $0.hasPrefix("resnet56-") && $0.hasSuffix("seed 0") })
        #expect(found[7].allSatisfy { $0.hasPrefix("vgg13-") && $0.hasSuffix("seed 1") })
        #expect(found.joined().count == cells.count)
    }

    @Test("No job waits for another's class, and a card runs as many as there are jobs")
    func sizes() throws {
        let cells = try cells([ModelPair(.resnet56, .resnet20)])
        var settings = StudySettings(output: "nowhere")
        settings.jobs = 2
        #expect(groups(cells, settings).map(\.count) == [1, 2, 1])
        settings.together = 1
        #expect(groups(cells, settings).map(\.count) == [1, 1, 1, 1])
        settings.device = .cuda(index: 0)
        settings.jobs = 3
        #expect(groups(cells, settings).map(\.count) == [3, 1])
    }

    @Test("Two cells that are the same run are run once, and both get its result")
    func twins() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("study-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // ResNet-20 alone is the same, whatever teacher it does not have.
        let cells = try Cell.all(
            pairs: [ModelPair(.resnet56, .resnet20), ModelPair(.resnet110, .resnet20)],
            methods: [], seeds: [0], schedule: .short, precision: .float32)
        #expect(cells.count == 2)
        let settings = StudySettings(output: folder)
        let study = try Study(cells, settings: settings) { _ in }
        let queue = StudyQueue(cells, settings: settings, done: 0, of: 2)
        #expect(queue.groupCount == 1)
        let cell = try #require(queue.next()?.first)
        try queue.finish(
            cell, with: .example("alone", 48, schedule: "short", recipe: cell.recipe.digest),
            in: study)
        #expect(study.pending.isEmpty)
        #expect(study.results.map(\.pair) == ["resnet56-resnet20", "resnet110-resnet20"])
        #expect(study.results.map(\.top1) == [48, 48])
        #expect(queue.end.done == 2)
    }
}
