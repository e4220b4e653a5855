import Basics
import Distillation
import Foundation
import Testing
import TorchNN
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

@Suite("Studies that go on")
struct StudyResumingTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("study-\(UUID().uuidString)").path

    private func ablation(_ ablation: Ablation) throws -> [Cell] {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short")
        return try Cell.all(
            ablation, of: recipe, schedule: "short", seeds: [0], precision: .float32)
    }

    private func leave(_ results: [CellResult]) throws {
        var file = try ResultsFile(path: folder + "/results.jsonl", mayLack: true)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try file.append(results)
    }

    private func study(
        _ cells: [Cell], _ change: (inout StudySettings) -> Void = { _ in }
    ) throws -> Study {
        var settings = StudySettings(output: folder)
        settings.schedule = .short
        change(&settings)
        return try Study(cells, settings: settings) { _ in }
    }

    @Test("A run that was done for another ablation is not done again, and gets its own line")
    func twins() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let stages = try ablation(.stages)
        let components = try ablation(.components)
        let done = try #require(stages.first { $0.key.method == "stages/3-3" })
        try leave([
            .example("stages/3-3", 53.77, schedule: "short", recipe: done.recipe.digest)
        ])
        let study = try study(components)
        #expect(study.pending.count == components.count - 1)
        #expect(!study.pending.contains { $0.key.method == "components/one-layer" })
        try study.merge([])
        let own = study.results.filter { $0.method == "components/one-layer" }
        #expect(own.map(\.top1) == [53.77])
        #expect(try ResultsFile(path: folder + "/results.jsonl").results == study.results)
    }

    @Test("Files with cells of other settings are refused whole")
    func foreignCells() throws {
        let other = folder + "-other.jsonl"
        defer { for path in [folder, other] { try? FileManager.default.removeItem(atPath: path) } }
        var file = try ResultsFile(path: other, mayLack: true)
        try file.append([
            .example("kd", 50, schedule: "short"),
            .example("fusion/concat", 50, schedule: "short", recipe: "other"),
        ])
        let study = try study(try ablation(.fusion))
        #expect(throws: StudyError.self) { try study.merge([other]) }
        #expect(study.results.isEmpty)
    }

    @Test("A teacher that is gone is not trained anew beside the results of the former one")
    func lostTeacher() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cells = try ablation(.fusion)
        #expect(try study(cells).missingTeachers(for: cells).map(\.key.pair) == ["resnet56"])
        try leave([.example("kd", 52, schedule: "short", teacher: "beef")])
        let again = try study(cells)
        #expect(
            throws: StudyError.lostTeacher(
                cell: "resnet56-resnet20, kd, short, seed 0", path: folder + "/results.jsonl",
                model: "resnet56", digest: "beef")
        ) { try again.missingTeachers(for: cells) }
    }

    @Test("A teacher that was trained here on another recipe is not taken")
    func otherTeacher() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cells = try ablation(.fusion)
        try leave([
            .example("teacher", 60, pair: "resnet56", schedule: "short", recipe: "1", teacher: nil)
        ])
        let study = try study(cells)
        let error = #expect(throws: StudyError.self) { try study.missingTeachers(for: cells) }
        #expect(error?.description.contains("resnet56, teacher, short, seed 0") == true)
    }

    @Test("A teacher whose training here is half done is not taken, whatever a line says of it")
    func halfTrainedTeacher() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cells = try ablation(.fusion)
        let training = try Cell.teacher(
            .resnet56, schedule: .short, precision: .float32)
        try leave([
            .example(
                "teacher", 60, pair: "resnet56", schedule: "short", recipe: training.recipe.digest,
                teacher: nil)
        ])
        let study = try study(cells)
        let run = study.folder(of: training)
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: run + "/student-last.safetensors"))
        #expect(try study.missingTeachers(for: cells).map(\.key) == [training.key])
    }

    @Test("A run under another schedule's name, which may have had other images, is not taken over")
    func otherSchedule() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cells = try ablation(.fusion)
        try leave(
            cells.map {
                .example(
                    $0.key.method, 50, schedule: "same", recipe: $0.recipe.digest,
                    teacher: $0.teacher == nil ? nil : "beef")
            })
        let open = try study(cells).pending.map(\.key.method)
        #expect(open == cells.map(\.key.method))
    }

    @Test("A teacher that is trained here is shown the images that it was trained with")
    func normalization() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cells = try ablation(.fusion)
        let others = cells.map { $0.with(teacherNormalization: .cifar10) }
        let study = try study(others)
        try study.requireNormalizations(of: cells)
        #expect(throws: StudyError.otherNormalization(model: "resnet56", teachers: nil)) {
            try study.requireNormalizations(of: others)
        }
    }

    @Test(
        "A finished run counts only with the inputs that it had, and a damaged one is no unfinished one"
    )
    func finishedRuns() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cell = try #require(try ablation(.fusion).last)
        var recipe = cell.recipe
        recipe.epochs = 1
        let record = EpochRecord(
            epoch: 1, step: 4, learningRate: 0.1, seconds: 1, imagesPerSecond: 1,
            peakMemoryBytes: 1, train: [:], validation: nil,
            test: Scores(count: 10, ["loss": 1, "top1": 50, "top5": 80]),
            inputs: RunInputs(teacher: "beef"))
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        for (name, text) in [
            ("recipe.yaml", recipe.yaml), ("metrics.jsonl", try record.line() + "\n"),
            ("student-last.safetensors", ""),
        ] { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
        func finished(_ inputs: RunInputs) throws -> [EpochRecord]? {
            try RunFolder.finishedHistory(in: folder, of: recipe, with: inputs)
        }
        #expect(try finished(RunInputs(teacher: "beef", testImages: 10)) == [record])
        for inputs in [
            RunInputs(teacher: "cafe"), RunInputs(), RunInputs(teacher: "beef", testImages: 9),
            RunInputs(teacher: "beef", studentWeights: "f00d"),
        ] {
            #expect(throws: TrainingError.self) { try finished(inputs) }
        }
        recipe.seed = 1
        #expect(try finished(RunInputs(teacher: "beef")) == nil)
        recipe.seed = 0
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: folder + "/metrics.jsonl"))
        #expect(throws: RunFolderError.self) { try finished(RunInputs(teacher: "beef")) }
    }
}
