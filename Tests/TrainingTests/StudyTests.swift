import Distillation
import Foundation
import Testing
import Torch
import VisionModels

@testable import Training

@Suite("Studies")
struct StudyTests {
    private func result(
        _ method: String, seed: Int, _ top1: Double, pair: String = "resnet56-resnet20"
    ) -> CellResult {
        CellResult(
            pair: pair, method: method, seed: seed, schedule: "paper", epochs: 240, top1: top1,
            top5: 90, testBestTop1: top1 + 0.5, seconds: 1, device: "cpu", processor: "",
            precision: "float32", revision: "abc", date: "2026-11-25", recipe: "0",
            teacher: "beef", teacherTop1: 72.63)
    }

    struct Name: Sendable {
        let text: String
        var found: String?
        var nearest: String?
    }

    @Test(
        "Pairs are found in any letter case, and unknown ones get the nearest name",
        arguments: [
            Name(text: "VGG13-mobilenetv2", found: "vgg13-MobileNetV2"),
            Name(text: "resnet56-resnet2", nearest: "resnet56-resnet20"),
            Name(text: "vgg16-vgg9", nearest: "vgg16-vgg8"), Name(text: "qqqqqqqq"),
            Name(text: "resnet56-resnet20-short", nearest: "resnet56-resnet20"),
        ])
    func pairNames(_ name: Name) {
        do throws(StudyError) {
            #expect(try ModelPair(named: name.text).name == name.found)
        } catch {
            #expect(error == .unknownPair(name.text, nearest: name.nearest))
        }
    }

    @Test("The paper has eleven pairs, and each published one has its two recipes")
    func pairs() {
        #expect(ModelPair.ofPaper.count == 11)
        #expect(Set(ModelPair.published).count == 16)
        for pair in ModelPair.published {
            #expect(Recipe.shipped.contains("cifar100/\(pair.name)"))
            #expect(Recipe.shipped.contains("cifar100/\(pair.name)-short"))
        }
    }

    @Test("A pair without a recipe gets one, with a fifth of the rate for a light student")
    func derivedRecipes() throws {
        let plain = try StudySchedule.paper.recipe(for: ModelPair(.vgg19, .resnet8))
        #expect(plain.optimizer.learningRate == 0.1)
        #expect(plain.method.review?.weight == 5)
        #expect(plain.teacher?.model == "vgg19" && plain.student.model == "resnet8")
        let light = try StudySchedule.short.recipe(for: ModelPair(.resnet56, .mobileNetV2))
        let published = try Recipe.load(nameOrPath: "cifar100/vgg13-MobileNetV2-short")
        #expect(light.optimizer == published.optimizer)
        #expect(light.schedule == published.schedule)
        #expect(light.method.review?.weight == 8)
        let teacher = try StudySchedule.paper.recipe(forTeacher: .vgg19)
        #expect(teacher.method.names == [.alone] && teacher.student.model == "vgg19")
        #expect(teacher.teacher == nil && teacher.epochs == 240)
    }

    @Test("A schedule's file gives length, rates and data, and the pair its networks and constants")
    func fileSchedules() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("brief-\(UUID().uuidString).yaml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let given = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20",
            overrides: [
                "epochs=12", "batch_size=64", "optimizer.learning_rate=0.05",
                "schedule={name: multistep, milestones: [6, 9]}", "method.review.warmup.epochs=1",
                "validation.split=5000",
            ])
        try Data(given.yaml.utf8).write(to: URL(fileURLWithPath: path))
        let schedule = try StudySchedule(named: path)
        let recipe = try schedule.recipe(for: ModelPair(.resnet32x4, .shuffleV2))
        #expect(recipe.epochs == 12 && recipe.batchSize == 64 && recipe.validation.split == 5000)
        #expect(recipe.optimizer.learningRate == 0.05 / 5)
        #expect(recipe.schedule == .multistep(milestones: [6, 9], factor: 0.1))
        #expect(recipe.method.review?.weight == 8)
        // A twelfth of the run, as 20 epochs are of 240.
        #expect(recipe.method.review?.warmup == .epochs(1))
        #expect(try schedule.recipe(forTeacher: .resnet32x4).epochs == 12)
    }

    @Test("The digest of a recipe leaves out its words, and nothing else")
    func digest() throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short")
        var renamed = recipe
        renamed.name = "mine"
        renamed.description = "another"
        #expect(renamed.digest == recipe.digest)
        for override in [
            "seed=1", "method.review.levels=[4]", "precision=float32", "epochs=6",
            "teacher.batch_norm=batch",
        ] {
            let other = try Recipe.load(
                nameOrPath: "cifar100/resnet56-resnet20-short", overrides: [override])
            #expect(other.digest != recipe.digest, "\(override)")
        }
    }

    @Test("The students alone are always there, first of each pair, seeds outermost")
    func cells() throws {
        let cells = try Cell.all(
            pairs: [ModelPair(.resnet56, .resnet20), ModelPair(.vgg13, .vgg8)],
            methods: [[.kd], [.reviewkd, .kd]], seeds: [0, 7], schedule: .short,
            precision: .float32)
        #expect(
            cells.prefix(7).map(\.key.description) == [
                "resnet56-resnet20, alone, short, seed 0", "resnet56-resnet20, kd, short, seed 0",
                "resnet56-resnet20, reviewkd+kd, short, seed 0", "vgg13-vgg8, alone, short, seed 0",
                "vgg13-vgg8, kd, short, seed 0", "vgg13-vgg8, reviewkd+kd, short, seed 0",
                "resnet56-resnet20, alone, short, seed 7",
            ])
        #expect(cells.count == 12)
        #expect(cells[0].recipe.teacher == nil && cells[6].recipe.seed == 7)
    }

    @Test("The stage matrix links every student stage with every teacher stage by itself")
    func stages() throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/vgg13-MobileNetV2-short")
        let cells = try Cell.all(
            .stages, of: recipe, schedule: "short", seeds: [0], precision: .float32)
        #expect(cells.prefix(2).map(\.key.method) == ["alone", "reviewkd"])
        let links = cells.dropFirst(2).map { $0.recipe.method.review?.stages }
        let expected = (1...5).flatMap { student in
            (1...5).map { [ReviewSettings.StageMatch(student: student, teacher: [$0])] }
        }
        #expect(links == expected)
        #expect(
            cells.dropFirst(2).allSatisfy {
                $0.recipe.method.review?.residual == false
                    && $0.recipe.method.review?.distance == .l2
                    && $0.recipe.method.review?.weight == recipe.method.review?.weight
            })
        #expect(cells.last?.key.method == "stages/5-5")
    }

    @Test("The components go from one layer to the whole, which is run once")
    func components() throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short")
        let cells = try Cell.all(
            .components, of: recipe, schedule: "short", seeds: [0], precision: .float32)
        func links(_ name: String) throws -> [Int: [Int]] {
            let cell = try #require(cells.first { $0.key.method == "components/\(name)" })
            let stages = try #require(cell.recipe.method.review?.stages)
            return Dictionary(uniqueKeysWithValues: stages.map { ($0.student, $0.teacher) })
        }
        #expect(try links("one-layer") == [3: [3]])
        #expect(try links("all-layers") == [1: [1], 2: [2], 3: [3], 4: [4]])
        #expect(try links("one-layer-review") == [3: [1, 2, 3]])
        #expect(
            try links("all-layers-review") == [1: [1], 2: [1, 2], 3: [1, 2, 3], 4: [1, 2, 3, 4]])
        #expect(
            cells.map(\.key.method).suffix(3) == [
                "components/residual", "components/residual-abf", "components/residual-hcl",
            ])
        #expect(Set(cells.map(\.recipe.digest)).count == cells.count)
    }

    @Test(
        "No ablation repeats the whole method, and every setting can be made",
        arguments: Ablation.allCases)
    func ablations(_ ablation: Ablation) throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short")
        let cells = try Cell.all(
            ablation, of: recipe, schedule: "short", seeds: [3], precision: .float32)
        #expect(Set(cells.map(\.recipe.digest)).count == cells.count)
        #expect(cells.count > 3)
        let teacher = CIFARModel.resnet56.make(classCount: 4, generator: Generator(seed: 0))
        for cell in cells {
            #expect(try Recipe(yaml: cell.recipe.yaml, file: "cell") == cell.recipe)
            let student = try cell.recipe.makeStudent(classCount: 4, device: .cpu)
            _ = try cell.recipe.makeDistiller(
                student: student, teacherNetwork: teacher, precision: .float32)
        }
    }

    @Test("An ablation of a recipe without ReviewKD is refused")
    func wrongAblation() throws {
        let alone = try Recipe.load(nameOrPath: "cifar100/resnet56")
        #expect(throws: StudyError.noTeacher(recipe: "cifar100/resnet56")) {
            try Cell.all(.fusion, of: alone, schedule: "x", seeds: [0], precision: .float32)
        }
    }

    /// Means, deviations and differences are worked out by hand; the published values are those of the
    /// project's reference, tables B.1 and B.2.
    @Test("The table puts means and sample deviations beside what was published")
    func table() throws {
        let cells = try Cell.all(
            pairs: [ModelPair(.resnet56, .resnet20)], methods: [[.kd], [.dist]], seeds: [0],
            schedule: .paper, precision: .float32)
        let results = [
            result("alone", seed: 0, 69), result("kd", seed: 2, 73), result("kd", seed: 0, 71),
            result("alone", seed: 0, 64, pair: "vgg13-MobileNetV2"),
            result("teacher", seed: 0, 72.63, pair: "resnet56"),
        ]
        let table = StudyTable(cells, results: results)
        let text = table.markdown()
        for line in [
            "| paper | resnet56-resnet20 | teacher | 72.63 | 1 | 72.34 | +0.29 |  |",
            "| paper | resnet56-resnet20 | alone | 69.00 | 1 | 69.06 | -0.06 |  |",
            "| paper | resnet56-resnet20 | kd | 72.00 ± 1.41 | 2 | 70.66 | +1.34 | +3.00 |",
            "| paper | resnet56-resnet20 | dist |  | 0 |  |  |  |",
            "| paper | vgg13-MobileNetV2 | alone | 64.00 | 1 | 64.60 | -0.60 |  |",
        ] { #expect(text.contains(line + "\n"), "\(text)") }
        #expect(!text.contains("test set in percent |"))
        #expect(table.markdown(showsTestBest: true).contains("| 72.00 ± 1.41 | 2 | 72.50 ± 1.41 |"))
        #expect(
            table.csv.contains("paper,resnet56-resnet20,kd,72.00,1.41,2,,72.50,70.66,3.00\n"))
        #expect(PublishedAccuracies.top1("resnet32x4-ShuffleV2", "reviewkd") == 77.78)
        #expect(PublishedAccuracies.top1("wrn_40_2-MobileNetV2", "dkd") == 69.28)
        #expect(PublishedAccuracies.top1("ResNet50-MobileNetV2", "at") == 58.58)
        #expect(PublishedAccuracies.top1("resnet32x4-ShuffleV1", "ofd") == nil)
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
            result("alone", seed: 0, 60), result("stages/2-1", seed: 0, 63),
            result("stages/1-2", seed: 0, 58.5),
        ]
        let table = StudyTable([], results: results)
        let map = StageHeatMap(table, pair: "resnet56-resnet20", schedule: "paper")
        #expect(map.leads == [[nil, -1.5], [3, nil]])
        #expect(map.svg.contains(">+3.00</text>") && map.svg.contains(">-1.50</text>"))
        #expect(StageHeatMap(table, pair: "other", schedule: "paper").leads.isEmpty)
    }
}

@Suite("Files of results")
struct ResultsFileTests {
    private let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("results-\(UUID().uuidString).jsonl").path

    private func result(_ method: String, _ top1: Double) -> CellResult {
        CellResult(
            pair: "resnet56-resnet20", method: method, seed: 0, schedule: "short", epochs: 5,
            top1: top1, top5: 90, testBestTop1: 50, seconds: 1, device: "cpu", processor: "",
            precision: "float32", revision: "abc", date: "2026-11-25", recipe: "0")
    }

    private func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test("What was appended is read back, and a line that was cut off is left out, then replaced")
    func roundTrip() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = try ResultsFile(path: path, mayLack: true)
        try file.append(result("alone", 49))
        try file.append(result("kd", 51))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(try ResultsFile(path: path).results == [result("alone", 49), result("kd", 51)])

        try write(String(text.dropLast(20)))
        var cut = try ResultsFile(path: path)
        #expect(cut.cutLine != nil && cut.results == [result("alone", 49)])
        try cut.append(result("kd", 51))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)

        // A cell that is run again has one line, the last.
        try cut.append(result("alone", 48))
        #expect(try ResultsFile(path: path).results == [result("kd", 51), result("alone", 48)])

        // A last line that lacks only its end is whole.
        try write(String(text.dropLast()))
        #expect(try ResultsFile(path: path).results.count == 2)
    }

    @Test(
        "Another version, a line in the middle that is none, and a missing file are told by place")
    func errors() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let good = try result("alone", 49).line()
        try write(good + "\n" + good.replacing("\"version\":1", with: "\"version\":2") + "\n")
        #expect(throws: ResultsFileError.otherVersion(place: "\(path):2", found: 2)) {
            try ResultsFile(path: path)
        }
        try write("{\"version\":1,\"pair\":\"x\"}\n" + good + "\n")
        let error = #expect(throws: ResultsFileError.self) { try ResultsFile(path: path) }
        #expect(error?.description.hasPrefix("\(path):1: expected a result") == true)
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: ResultsFileError.self) { try ResultsFile(path: path) }
    }

    @Test("Files are joined once, and of two accuracies of one cell the first stays, with a remark")
    func merge() throws {
        let other = path + ".other"
        defer { for file in [path, other] { try? FileManager.default.removeItem(atPath: file) } }
        var own = try ResultsFile(path: path, mayLack: true)
        try own.append(result("alone", 49))
        var second = try ResultsFile(path: other, mayLack: true)
        try second.append(result("alone", 48))
        try second.append(result("kd", 51))
        var remarks: [String] = []
        for _ in 0..<2 { try own.merge(second) { remarks.append($0) } }
        #expect(own.results == [result("alone", 49), result("kd", 51)])
        #expect(remarks.count == 2 && remarks[0].contains("49.0 %, which stays"))
    }
}

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
            cell,
            with: CellResult(
                pair: cell.key.pair, method: "alone", seed: 0, schedule: "short", epochs: 5,
                top1: 48, top5: 80, testBestTop1: 48, seconds: 1, device: "cpu", processor: "",
                precision: "float32", revision: "abc", date: "2026-11-25",
                recipe: cell.recipe.digest),
            in: study)
        #expect(study.pending.isEmpty)
        #expect(study.results.map(\.pair) == ["resnet56-resnet20", "resnet110-resnet20"])
        #expect(study.results.map(\.top1) == [48, 48])
        #expect(queue.end.done == 2)
    }
}
