import Distillation
import Foundation
import RecipeSyntax
import Testing
import Torch
import TorchNN
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

@Suite("Studies")
struct StudyTests {
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
        do throws(RecipeError) {
            #expect(try ModelPair(named: name.text).name == name.found)
        } catch {
            #expect(error == .unknownPair(name.text, nearest: name.nearest))
        }
    }

    @Test("Every setting of an ablation is a recipe, the one that its cell of the study has")
    func ablationRecipes() throws {
        let base = "cifar100/resnet56-resnet20-short"
        let recipe = try Recipe.load(nameOrPath: base)
        for ablation in Ablation.allCases {
            let cells = try Cell.all(
                ablation, of: recipe, schedule: "short", seeds: [0], precision: .bfloat16)
            let settings = cells.filter { $0.key.method.contains("/") }
            #expect(settings.count >= 2)
            for cell in settings {
                var named = try Recipe.load(nameOrPath: "\(base)/\(cell.key.method)")
                named.precision = .bfloat16
                #expect(named.digest == cell.recipe.digest)
            }
        }
        let link = try Recipe.load(nameOrPath: "\(base)/stages/2-1").method.review
        #expect(link?.stages?.map(\.student) == [2] && link?.stages?.map(\.teacher) == [[1]])
        #expect(link?.term.distance == .l2 && link?.options.residual == false)
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
        #expect(plain.method.review?.term.weight == 0.6)
        #expect(plain.teacher?.model == "vgg19" && plain.student.model == "resnet8")
        let light = try StudySchedule.short.recipe(for: ModelPair(.resnet56, .mobileNetV2))
        let published = try Recipe.load(nameOrPath: "cifar100/vgg13-MobileNetV2-short")
        #expect(light.optimizer == published.optimizer)
        #expect(light.schedule == published.schedule)
        #expect(light.method.review?.term.weight == 8)
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
        #expect(recipe.schedule == .multiStep(.init(milestones: [6, 9], factor: 0.1)))
        #expect(recipe.method.review?.term.weight == 8)
        // A twelfth of the run, as 20 epochs are of 240.
        #expect(recipe.method.review?.term.warmup == .epochs(1))
        #expect(try schedule.recipe(forTeacher: .resnet32x4).epochs == 12)
    }

    @Test(
        "A schedule's file of a light student gives the others the full rate, and a teacher its images"
    )
    func lightFileSchedule() throws {
        let given = try Recipe.load(
            nameOrPath: "cifar100/resnet32x4-ShuffleV2",
            overrides: ["dataset.normalization=cifar10", "teacher.normalization=cifar10"])
        let schedule = StudySchedule.file(name: "mine", given)
        let rate = given.optimizer.learningRate
        let light = try schedule.recipe(for: ModelPair(.vgg13, .mobileNetV2))
        #expect(light.optimizer.learningRate == rate)
        let full = try schedule.recipe(for: ModelPair(.resnet56, .resnet20))
        #expect(full.optimizer.learningRate == rate * 5)
        #expect(full.teacher?.normalization == .cifar10)
        let teacher = try schedule.recipe(forTeacher: .resnet56)
        #expect(teacher.optimizer.learningRate == rate * 5)
        #expect(teacher.dataset.normalization == .cifar10)
    }

    @Test("A shipped schedule that is overridden does not keep its name")
    func changedSchedule() throws {
        let name = "cifar100/resnet56-resnet20-short"
        let weighted = try Recipe.load(nameOrPath: name, overrides: ["method.review.weight=1"])
        #expect(try StudySchedule(of: weighted, from: name).name == "short")
        for change in ["epochs=7", "batch_size=64", "optimizer.momentum=0.8", "validation.split=9"]
        {
            let changed = try Recipe.load(nameOrPath: name, overrides: [change])
            #expect(throws: StudyError.changedSchedule(recipe: name)) {
                try StudySchedule(of: changed, from: name)
            }
        }
    }

    @Test("The demo's recipe can be taken apart, under a schedule's name that no file may have")
    func demoSchedule() throws {
        let recipe = try Recipe.load(nameOrPath: "demo/student")
        let schedule = try StudySchedule(of: recipe, from: "demo/student")
        #expect(schedule.name == "demo")
        let cells = try Cell.all(
            .stages, of: recipe, schedule: schedule.name, seeds: [0], precision: .float32)
        #expect(StudyTable(cells, results: []).rows.allSatisfy { $0.published == nil })
        let teacher = try schedule.recipe(forTeacher: #require(try recipe.pair).teacher)
        #expect(teacher.dataset == recipe.dataset && teacher.epochs == recipe.epochs)
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("\(UUID().uuidString)/demo.yaml")
        try FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: path.deletingLastPathComponent()) }
        try Data(recipe.yaml.utf8).write(to: path)
        let error = #expect(throws: StudyError.takenSchedule(path.path)) {
            try StudySchedule(named: path.path)
        }
        #expect(error?.description.contains("a name other than paper, medium, short, demo") == true)
    }

    @Test("A study of detectors is refused, whether the recipe is shipped or a file")
    func detectors() throws {
        let name = "coco/faster_rcnn_R50-R18-short"
        let recipe = try Recipe.load(nameOrPath: name)
        #expect(throws: StudyError.ofDetectors(recipe: name)) {
            try StudySchedule(of: recipe, from: name)
        }
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(recipe.yaml.utf8).write(to: path)
        let error = #expect(throws: StudyError.ofDetectors(recipe: path.path)) {
            try StudySchedule(named: path.path)
        }
        #expect(error?.description.contains("trains a detector") == true)
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
                $0.recipe.method.review?.options.residual == false
                    && $0.recipe.method.review?.term.distance == .l2
                    && $0.recipe.method.review?.term.weight == recipe.method.review?.term.weight
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
        let teacher = Architecture.resnet56.make(classCount: 4, generator: Generator(seed: 0))
        for cell in cells {
            #expect(try Recipe(yaml: cell.recipe.yaml, file: "cell") == cell.recipe)
            let student = try cell.recipe.makeStudent(classCount: 4, device: .cpu)
            _ = try cell.recipe.makeDistiller(
                student: student, teacherNetwork: teacher, precision: .float32)
        }
    }

    @Test("A study of medium length has a schedule of that name, and teachers trained as long")
    func medium() throws {
        let name = "cifar100/resnet56-resnet20-medium"
        let recipe = try Recipe.load(nameOrPath: name)
        let schedule = try StudySchedule(of: recipe, from: name)
        #expect(schedule.name == "medium")
        #expect(try StudySchedule(named: "medium").name == "medium")
        #expect(try schedule.recipe(for: ModelPair(.resnet56, .resnet20)).digest == recipe.digest)
        #expect(try schedule.recipe(forTeacher: .resnet56).epochs == 60)
    }

    @Test("A schedule's file may have two momenta; a teacher is trained with one")
    func momentaOfSchedules() throws {
        let recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20", overrides: ["optimizer.dot=0.075"])
        let schedule = StudySchedule.file(name: "own", recipe)
        let pair = try schedule.recipe(for: ModelPair(.vgg13, .vgg8))
        #expect(pair.optimizer.options.dot == 0.075)
        let teacher = try schedule.recipe(forTeacher: .vgg13)
        #expect(teacher.optimizer.options.dot == nil)
        #expect(try Recipe(yaml: teacher.yaml, file: "teacher") == teacher)
    }

    @Test("An ablation of a recipe without ReviewKD is refused")
    func wrongAblation() throws {
        let alone = try Recipe.load(nameOrPath: "cifar100/resnet56")
        #expect(throws: StudyError.noTeacher(recipe: "cifar100/resnet56")) {
            try Cell.all(.fusion, of: alone, schedule: "x", seeds: [0], precision: .float32)
        }
    }
}
