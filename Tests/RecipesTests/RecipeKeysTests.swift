import DetectionData
import Detectors
import Distillation
import RecipeSyntax
import Testing
import TorchNN
import VisionModels

@testable import Recipes

@Suite("The tables of a recipe's keys")
struct RecipeKeysTests {
    @Test("Every sentence of the page has at most 25 words")
    func shortSentences() {
        for row in Recipe.table.rows {
            #expect(row.meaning.hasSuffix("."), "\(row.path)")
            for sentence in row.meaning.split(separator: ". ") {
                #expect(sentence.split(separator: " ").count <= 25, "\(row.path)")
            }
        }
    }

    @Test("The page has every key that a resolved recipe writes, and its default where it has one")
    func everyKey() throws {
        let rows = Dictionary(grouping: Recipe.table.rows, by: \.path)
        let names = MethodSettings.Name.allCases.filter { $0 != .alone }
        let recipe = try Recipe.load(
            nameOrPath: "cifar100/vgg16-vgg8",
            overrides: [
                "method.name=\(names.map(\.rawValue).joined(separator: "+"))", "precision=float32",
                "method.review.stages=[{student: 1, teacher: [1]}]", "method.review.mid_channels=8",
            ])
        for line in recipe.differences(from: try Recipe.load(nameOrPath: "demo/teacher")) {
            let path = String(line.prefix { $0 != ":" })
            let found = rows[path] ?? rows[path + ".epochs"]
            #expect(found != nil || line.contains("absent was"), "\(path)")
        }
        #expect(rows["method.crd.negatives"]?.first?.standard == "`16384`")
        #expect(rows["optimizer.weight_decay"]?.first?.standard == "`0.0005`")
        #expect(rows["schedule.final_factor"]?.map(\.standard) == ["`4e-06`", "`0.0`"])
        #expect(rows["optimizer.learning_rate"]?.first?.standard == .some(nil))
    }

    @Test("A method's keys are known where no other key is misspelt as one, and each stands once")
    func namesOfMethods() {
        let names = MethodSettings.Name.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        for method in DistillationMethods.all {
            #expect(MethodSettings.Name(rawValue: method.name)?.method?.name == method.name)
        }
        #expect(MethodSettings.Name(rawValue: "mse") == nil)
    }

    @Test("The published weights of the review are those of the shipped recipes")
    func publishedReview() throws {
        var weights: [ModelPair: Double] = [:]
        for name in Recipe.shipped where !name.hasPrefix("demo/") {
            let recipe = try Recipe.load(nameOrPath: name)
            guard !recipe.isDetection, let pair = try recipe.pair, let review = recipe.method.review
            else { continue }
            #expect(weights[pair] ?? review.term.weight == review.term.weight, "\(name)")
            weights[pair] = review.term.weight
        }
        #expect(weights == ModelPair.publishedReviewWeights)
    }

    /// The weights are those of the authors' configurations (dvlab-research/ReviewKD, Detection/configs).
    @Test(
        "The recipes of detectors have the published weights, schedule and rates",
        arguments: [
            ("faster_rcnn_R101-R18", 1.2), ("faster_rcnn_R101-R50", 1.0),
            ("faster_rcnn_R50-MV2", 2.0), ("mask_rcnn_R101-R18", 1.5),
            ("mask_rcnn_R101-R50", 0.8), ("mask_rcnn_R50-MV2", 1.0),
            ("retinanet_R101-R50", 1.0), ("faster_rcnn_R50-R18", 1.2),
        ])
    func detectors(_ name: String, _ weight: Double) throws {
        let recipe = try Recipe.load(nameOrPath: "coco/\(name)")
        #expect(recipe.name == "coco/\(name)")
        let parts = name.split(separator: "_").last?.split(separator: "-").map(String.init) ?? []
        #expect(recipe.teacher?.model.hasSuffix("_\(parts[0])") == true)
        #expect(recipe.student.model.hasSuffix("_\(parts[1])"))
        let review = try #require(recipe.method.review)
        #expect(review.term == .init(weight: weight, warmup: .none))
        // 180,000 steps, with a tenth of the rate from 120,000 and 160,000 on.
        let steps = try #require(recipe.dataset.pictures.imagesPerEpoch) / recipe.batchSize
        #expect(steps * recipe.epochs == 180_000)
        guard case .multiStep(let schedule) = recipe.schedule else {
            Issue.record("\(recipe.schedule)")
            return
        }
        #expect(schedule.milestones.map { $0 * steps } == [120_000, 160_000])
        #expect(schedule.warmupSteps == 1000)
        #expect(recipe.optimizer.learningRate == (name.hasPrefix("retina") ? 0.005 : 0.01))
        #expect(recipe.optimizer.options.normalizationWeightDecay == 0)
        #expect(try Recipe(yaml: recipe.yaml, file: "resolved") == recipe)
    }

    @Test("Any two detectors of a family have a recipe, and two of different families have none")
    func derivedDetectors() throws {
        let short = try Recipe.load(nameOrPath: "coco/mask_rcnn_r101-r50-short")
        #expect(short.name == "coco/mask_rcnn_R101-R50-short")
        #expect(short.method.review?.term.weight == 0.8)
        #expect(short.student.bottomUp.norm == .batch)
        let alone = try Recipe.load(nameOrPath: "coco/retinanet_R101")
        #expect(alone.student.model == "retinanet_R101")
        #expect(alone.teacher == nil)
        #expect(throws: RecipeError.self) {
            try Recipe.load(nameOrPath: "coco/faster_rcnn_R50-retinanet_R18")
        }
    }

    /// As the authors' scripts for ImageNet have it: no warm-up, features before the activation.
    @Test(
        "On ImageNet reviewkd is as the authors have it there",
        arguments: [
            ("ResNet34", "ResNet18", 1, nil), ("ResNet50", "MobileNetV1", 8, 256),
            ("ResNet101", "MobileNetV1", 8, 256), ("ResNet101", "ResNet50", 1, nil),
        ] as [(String, String, Double, Int?)])
    func reviewOnImageNet(
        _ teacher: String, _ student: String, _ weight: Double, _ mid: Int?
    ) throws {
        let recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: [
                "method={name: reviewkd}", "teacher.model=imagenet-\(teacher)",
                "student.model=imagenet-\(student)", "epochs=100",
            ])
        let review = try #require(recipe.method.review)
        #expect(
            review.term == .init(weight: weight, warmup: .none, studentPreactivations: true))
        #expect(review.options.midChannels == mid)
        #expect(review.stages == nil)
        let read = try Recipe(yaml: recipe.yaml, file: "resolved")
        #expect(read == recipe)
        #expect(recipe.yaml.contains("student_preactivations: true"))
        // A recipe that is as before this key has the text that it had.
        #expect(!(try Recipe.load(nameOrPath: "demo/student").yaml.contains("preactivations")))
    }

    @Test(
        "reviewkd without its section is as published between any two models",
        arguments: Architecture.all)
    func reviewOfEveryPair(_ teacher: Architecture) throws {
        let groups = [Architecture.cifar, Architecture.imagenet]
        let group = try #require(groups.first { $0.contains(teacher) })
        for student in group {
            let name = Recipe.name(of: [teacher, student])
            let named = try Recipe.load(
                nameOrPath: "demo/student",
                overrides: [
                    "method={name: reviewkd}", "teacher.model=\(teacher.name)",
                    "student.model=\(student.name)", "epochs=240",
                ])
            let review = try #require(named.method.review)
            #expect(try review == Recipe.load(nameOrPath: name).method.review, "\(name)")
        }
    }

    @Test("reviewkd without its section for a model that is not of the zoo is a clear error")
    func reviewOfUnknownModels() throws {
        let wrong = #expect(throws: RecipeError.self) {
            try Recipe.load(
                nameOrPath: "demo/student",
                overrides: ["method={name: reviewkd}", "teacher.model=resnet57"])
        }
        #expect(wrong?.description.contains("teacher.model: expected one of resnet8, ") == true)
        var own = try Recipe.load(nameOrPath: "demo/student").taught(by: [.kd])
        own.student.model = "tiny"
        let error = #expect(throws: RecipeError.self) { try own.taught(by: [.reviewkd]) }
        #expect(
            error?.description == """
                no settings of the review term are known for resnet20 and tiny, expected two models \
                of the zoo; write the section method.review with a weight.
                """)
        #expect(try own.taught(by: [.at]).method.names == [.at])
    }

    @Test("What is newer than a recipe is written only where it is used, and read back")
    func newerKeys() throws {
        let plain = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20")
        #expect(!plain.yaml.contains("label_smoothing") && !plain.yaml.contains("ema"))
        let modern = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20",
            overrides: [
                "label_smoothing=0.1", "ema={decay: 0.999}",
                "schedule={name: cosine, warmup_fraction: 0.05}",
            ])
        #expect(modern.labelSmoothing == 0.1)
        #expect(modern.averaging?.decay == 0.999)
        #expect(modern.schedule == .cosine(.init(warmup: 0.05, initialFraction: 0.01)))
        #expect(try Recipe(yaml: modern.yaml, file: "resolved") == modern)
        let differences = modern.differences(from: plain).filter { !$0.hasPrefix("schedule") }
        #expect(
            differences == [
                "label_smoothing: 0.1 was absent", "ema.decay: 0.999 was absent",
            ])
        // Trained alone, or by another method, it keeps them.
        #expect(modern.studentAlone.labelSmoothing == 0.1)
        #expect(try modern.taught(by: [.kd]).averaging == modern.averaging)
        #expect(
            try Recipe.load(
                nameOrPath: "cifar100/resnet56-resnet20", overrides: ["ema={}"]
            ).averaging?.decay == 0.9999)
        for (override, words) in [
            ("label_smoothing=1", "label_smoothing: expected a number from 0 up to but not"),
            ("ema={decay: 1.5}", "ema.decay: expected a number from 0 up to but not"),
            ("ema=0.9", "ema: expected a section"),
            ("smoothing=0.1", "did you mean \"label_smoothing\""),
        ] {
            let error = #expect(throws: RecipeError.self) {
                try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20", overrides: [override])
            }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("A method's constants keep their own types through text, comparison and rescaling")
    func typedConstants() throws {
        var recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20").taught(by: [.dkd])
        let published = recipe
        recipe.method[DecoupledKnowledgeDistillation.self]?.beta = 3
        #expect(recipe != published)
        #expect(recipe.differences(from: published) == ["method.dkd.beta: 3.0 was 2.0"])
        #expect(recipe.method[KnowledgeDistillation.self] == nil)
        recipe.method[KnowledgeDistillation.self] = .init()
        #expect(recipe.method.constants.keys.map(\.rawValue) == ["dkd"])
        #expect(
            published.rescaled(epochs: 24).method[DecoupledKnowledgeDistillation.self]
                == .init(beta: 2, warmupEpochs: 2))
    }
}
