import Basics
import Distillation
import Foundation
import RecipeSyntax
import Testing
import TorchNN
import VisionData
import VisionModels

@testable import Recipes

@Suite("Recipes")
struct RecipeTests {
    @Test("Every YAML file of the source folder is shipped, unchanged and under its own name")
    func filesAreShipped() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Recipes/Shipped").standardizedFileURL
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        let names = paths.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
        #expect(names.sorted() == Recipe.shipped.sorted())
        for name in names {
            let file = folder.appending(path: name + ".yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(Recipe.text(ofShipped: name) == text)
            #expect(try Recipe.load(nameOrPath: name).name == name)
        }
    }

    @Test("The full recipe holds the constants of the authors' code")
    func fullRecipe() throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20")
        #expect(recipe.teacher?.model == "resnet56")
        #expect(recipe.teacher?.batchNorm == .frozen)
        #expect(recipe.student.model == "resnet20")
        #expect(recipe.method.names == [.reviewkd])
        #expect(recipe.method.crossEntropyWeight == 1)
        #expect(recipe.method.review?.term.weight == 0.6)
        #expect(recipe.method.review?.term.warmup == .epochs(20))
        #expect(recipe.optimizer.learningRate == 0.1)
        #expect(recipe.optimizer.options.momentum == 0.9)
        #expect(recipe.optimizer.options.nesterov)
        #expect(recipe.optimizer.options.weightDecay == 5e-4)
        #expect(recipe.epochs == 240)
        #expect(recipe.batchSize == 128)
        #expect(recipe.dataset.augmentation == Augmentation(cropPadding: 4, flips: true))
    }

    @Test(
        "Milestones are the first epochs at the reduced rate: 151, 30, 30 and 29 epochs",
        arguments: [
            "cifar100/resnet56-resnet20", "cifar100/resnet56", "cifar100/resnet32x4-resnet8x4",
            "cifar100/resnet32x4",
        ])
    func milestones(_ name: String) throws {
        let recipe = try Recipe.load(nameOrPath: name)
        guard case .multiStep(let steps) = recipe.schedule else {
            Issue.record("expected a multistep schedule, found \(recipe.schedule)")
            return
        }
        // The authors' loop calls the decay at the end of an epoch whose index is in their list.
        let authors = (0..<240).reduce(into: [0: 0]) { lengths, epoch in
            let decays = [150, 180, 210].filter { $0 < epoch }.count
            lengths[decays, default: 0] += 1
        }
        let ours = (0..<240).reduce(into: [0: 0]) { lengths, epoch in
            lengths[steps.milestones.filter { $0 <= epoch }.count, default: 0] += 1
        }
        #expect(ours == authors)
        #expect(ours == [0: 151, 1: 30, 2: 30, 3: 29])
        #expect(steps.factor == 0.1)
    }

    @Test("The short recipe runs one cycle and warms the review up over its first epoch")
    func shortRecipe() throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-short")
        #expect(recipe.epochs == 5)
        #expect(recipe.optimizer.learningRate == 0.2)
        #expect(recipe.method.review?.term.warmup == .fraction(0.2))
        #expect(
            recipe.schedule
                == .oneCycle(
                    .init(warmup: 0.3, initialFraction: 0.04, finalFraction: 0.000004)))
    }

    @Test(
        "A pair's recipe has the authors' weight of the review",
        arguments: [
            ("resnet56", "resnet20", 0.6), ("resnet32x4", "resnet8x4", 5.0),
        ])
    func reviewWeight(_ teacher: String, _ student: String, _ weight: Double) throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/\(teacher)-\(student)")
        #expect(recipe.teacher?.model == teacher)
        #expect(recipe.student.model == student)
        #expect(recipe.method.review?.term.weight == weight)
        #expect(recipe.method.review?.term.warmup == .epochs(20))
    }

    @Test(
        "The teacher's own recipe has no teacher and no further term",
        arguments: ["resnet56", "resnet32x4"])
    func teacherRecipe(_ model: String) throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/\(model)")
        #expect(recipe.student.model == model)
        #expect(recipe.teacher == nil)
        #expect(recipe.method == MethodSettings(names: [.alone], crossEntropyWeight: 1))
    }

    @Test("The resolved text decodes to an equal recipe", arguments: Recipe.shipped)
    func roundTrip(_ name: String) throws {
        let recipe = try Recipe.load(nameOrPath: name)
        #expect(try Recipe(yaml: recipe.yaml, file: "resolved.yaml") == recipe)
    }

    @Test(
        "The resolved text keeps every optional value and every spelling of text",
        arguments: [
            "A \"quoted\" \\ text: with # signs", "true", "1e3", "- dash", " spaced ", "über 😀",
            "bell\u{7}\ttab\nline", "{flow}", "null", "2026-11-25", "a -", "trailing/",
        ])
    func roundTripOfOptionalValues(_ description: String) throws {
        var recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20",
            overrides: [
                "method.review.stages=[{student: 1, teacher: [1]}, {student: 2, teacher: [1, 2]}]",
                "method.review.mid_channels=64", "method.review.fusion=plain",
                "method.review.distance=l2", "method.review.residual=false",
                "precision=bfloat16", "teacher.batch_norm=batch", "name='123'",
                "teacher.normalization={mean: [0.5, 0.4, 0.3], std: [0.25, 5e-3, 1]}",
                "schedule={name: cosine, final_factor: 1e-05}", "optimizer.weight_decay=1e-4",
            ])
        recipe.description = description
        #expect(try Recipe(yaml: recipe.yaml, file: "resolved.yaml") == recipe)
        #expect(recipe.name == "123")
        #expect(recipe.optimizer.options.weightDecay == 0.0001)
    }

    @Test("The resolved text writes the defaults out")
    func resolvedText() throws {
        let recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56",
            overrides: ["method={name: kd}", "teacher={model: resnet110}"])
        #expect(
            recipe.yaml == """
                name: cifar100/resnet56
                description: "ResNet-56 trained alone, to serve as a teacher"
                dataset:
                  name: cifar100
                  normalization: cifar100
                  augmentation:
                    crop_padding: 4
                    flip: true
                validation:
                  split: 0
                teacher:
                  model: resnet110
                  batch_norm: frozen
                  normalization: cifar100
                student:
                  model: resnet56
                method:
                  name: kd
                  cross_entropy_weight: 0.1
                  kd:
                    temperature: 4.0
                    weight: 0.9
                optimizer:
                  name: sgd
                  learning_rate: 0.1
                  momentum: 0.9
                  nesterov: true
                  weight_decay: 0.0005
                schedule:
                  name: multistep
                  milestones: [151, 181, 211]
                  factor: 0.1
                epochs: 240
                batch_size: 128
                evaluation_batch_size: 1000
                seed: 0

                """)
    }

    @Test("Options apply in order, reach list elements, create sections and remove keys")
    func overrides() throws {
        let recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20",
            overrides: [
                "seed=1", "seed=2", "schedule.milestones.0=150", "dataset.normalization=cifar10",
                "teacher=null", "method={name: alone}", "validation=null", "validation.split=5000",
            ])
        #expect(recipe.seed == 2)
        #expect(recipe.schedule == .multiStep(.init(milestones: [150, 181, 211], factor: 0.1)))
        #expect(recipe.dataset.normalization == .cifar10)
        #expect(recipe.teacher == nil)
        #expect(recipe.validation.split == 5000)
    }

    @Test("The teacher's normalisation follows the data set's unless given")
    func teacherNormalization() throws {
        let name = "cifar100/resnet56-resnet20"
        let option = "dataset.normalization=cifar10"
        let follows = try Recipe.load(nameOrPath: name, overrides: [option])
        #expect(follows.teacher?.normalization == .cifar10)
        let given = try Recipe.load(nameOrPath: name, overrides: ["teacher.normalization=cifar10"])
        #expect(given.dataset.normalization == .cifar100)
        #expect(given.teacher?.normalization == .cifar10)
    }

    @Test("Differences name each changed, added and removed value")
    func differences() throws {
        let name = "cifar100/resnet56-resnet20"
        let old = try Recipe.load(nameOrPath: name)
        let new = try Recipe.load(
            nameOrPath: name,
            overrides: ["seed=1", "precision=float32", "schedule={name: constant}"])
        #expect(old.differences(from: old).isEmpty)
        #expect(
            new.differences(from: old) == [
                "schedule.name: constant was multistep",
                "seed: 1 was 0",
                "precision: float32 was absent",
                "schedule.milestones: absent was [151, 181, 211]",
                "schedule.factor: absent was 0.1",
            ])
    }

    @Test("A run of another length keeps the shares of its milestones and warm-up")
    func rescaling() throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20")
        #expect(recipe.rescaled(epochs: 240) == recipe)

        let half = recipe.rescaled(epochs: 120)  // 75.5, 90.5 and 105.5 round up
        #expect(half.schedule == .multiStep(.init(milestones: [76, 91, 106], factor: 0.1)))
        #expect(half.method.review?.term.warmup == .epochs(10))

        let short = recipe.rescaled(epochs: 4)  // 2.52, 3.02 and 3.52, the last being the end
        #expect(short.schedule == .multiStep(.init(milestones: [3], factor: 0.1)))
        #expect(short.method.review?.term.warmup == .epochs(0))
    }

    @Test("A pair's recipe for the student alone differs in teacher and method only")
    func studentAlone() throws {
        let pair = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20")
        let alone = pair.studentAlone
        #expect(try Recipe(yaml: alone.yaml, file: "alone.yaml") == alone)
        let changed = alone.differences(from: pair).map { $0.prefix { $0 != ":" } }
        #expect(changed.allSatisfy { $0.hasPrefix("teacher.") || $0.hasPrefix("method.") })
        #expect(changed.contains("method.name"))
    }

    /// 240 epochs have milestones at 151, 181 and 211 and a warm-up of 20; a quarter of these is 37.75, 45.25,
    /// 52.75 and 5.
    @Test("A recipe of medium length has the long one's milestones at their shares of 60 epochs")
    func medium() throws {
        for (name, rate) in [("resnet56-resnet20", 0.1), ("ResNet50-MobileNetV2", 0.02)] {
            let recipe = try Recipe.load(nameOrPath: "cifar100/\(name)-medium")
            #expect(recipe.name == "cifar100/\(name)-medium")
            #expect(recipe.epochs == 60)
            #expect(recipe.schedule == .multiStep(.init(milestones: [38, 45, 53], factor: 0.1)))
            #expect(recipe.method.review?.term.warmup == .epochs(5))
            #expect(recipe.optimizer.learningRate == rate)
            #expect(try Recipe(yaml: recipe.yaml, file: "medium.yaml") == recipe)
        }
        #expect(throws: RecipeError.self) {
            try Recipe.load(nameOrPath: "imagenet/ResNet34-ResNet18-medium")
        }
    }

    @Test("Models are read in any letter case and written in their own")
    func modelNames() throws {
        let recipe = try Recipe.load(
            nameOrPath: "cifar100/vgg13-vgg8",
            overrides: ["student.model=mobilenetv2", "teacher.model=VGG13"])
        #expect(recipe.student.model == "MobileNetV2" && recipe.teacher?.model == "vgg13")
        let taught = try recipe.taught(by: [.dkd])
        #expect(taught.method[DecoupledKnowledgeDistillation.self]?.beta == 6)
    }

    @Test("Any two models of the zoo, and any one, have a recipe of their name in any letter case")
    func namedRecipes() throws {
        let shipped = try Recipe.load(nameOrPath: "cifar100/vgg13-MobileNetV2-short")
        #expect(try Recipe.load(nameOrPath: "cifar100/VGG13-mobilenetv2-short") == shipped)
        for student in Architecture.cifar {
            for suffix in ["", "-short"] {
                let name = "cifar100/ResNet34-\(student.name)\(suffix)"
                let pair = try Recipe.load(nameOrPath: name)
                #expect(pair.name == name)
                #expect(pair.teacher?.model == "ResNet34")
                #expect(pair.student.model == student.name)
                #expect(try Recipe(yaml: pair.yaml, file: name) == pair)
                let alone = try Recipe.load(nameOrPath: "cifar100/\(student.name)\(suffix)")
                #expect(alone.teacher == nil && alone.student.model == student.name)
            }
        }
        for wrong in [
            "cifar100/vgg9-vgg8", "cifar100/vgg16-vgg8-long", "cifar100/a-b-c", "cifar100/",
            "cifar10/vgg16-vgg8", "cifar100/vgg16-vgg8/stages", "cifar100/vgg16/stages/1-1",
            "cifar100/vgg16-vgg8/stage/1-1", "cifar100/vgg16-vgg8/stages/1-1/2",
        ] {
            let error = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: wrong) }
            #expect(error?.description.hasPrefix("\"\(wrong)\" is neither a shipped") == true)
        }
    }

    @Test("Any network of ImageNet, and any two, have a recipe of their name in any letter case")
    func namedRecipesOfImageNet() throws {
        let shipped = try Recipe.load(nameOrPath: "imagenet/ResNet50-MobileNetV1-short")
        #expect(try Recipe.load(nameOrPath: "imagenet/resnet50-mobilenetv1-short") == shipped)
        for teacher in ["ResNet18", "ResNet34", "ResNet50", "ResNet101", "MobileNetV1"] {
            for suffix in ["", "-short"] {
                let alone = try Recipe.load(nameOrPath: "imagenet/\(teacher)\(suffix)")
                #expect(alone.name == "imagenet/\(teacher)\(suffix)")
                #expect(alone.teacher == nil && alone.student.model == "imagenet-\(teacher)")
                #expect(alone.optimizer.learningRate == (suffix.isEmpty ? 0.1 : 0.05))
                for student in ["ResNet18", "MobileNetV1"] {
                    let name = "imagenet/\(teacher)-\(student)\(suffix)"
                    let pair = try Recipe.load(nameOrPath: name)
                    #expect(pair.name == name)
                    #expect(pair.teacher?.model == "imagenet-\(teacher)")
                    #expect(pair.student.model == "imagenet-\(student)")
                    #expect(try Recipe(yaml: pair.yaml, file: name) == pair)
                    let review = try #require(pair.method.review)
                    #expect(review.term.weight == (student == "ResNet18" ? 1 : 8))
                    #expect(review.options.midChannels == (student == "ResNet18" ? nil : 256))
                    #expect(review.term.studentPreactivations)
                }
            }
        }
        for wrong in [
            "imagenet/resnet56", "imagenet/imagenet-ResNet18", "cifar100/imagenet-ResNet18",
            "imagenet/ResNet34-vgg8", "imagenet/ResNet34-ResNet50-long",
        ] {
            let error = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: wrong) }
            #expect(error?.description.hasPrefix("\"\(wrong)\" is neither a shipped") == true)
        }
        let stages = try Recipe.load(nameOrPath: "imagenet/ResNet34-ResNet18/stages/2-1")
        #expect(stages.method.review?.stages == [.init(student: 2, teacher: [1])])
    }

    /// The authors' script for ImageNet, `imagenet_amp.py`.
    @Test(
        "The recipes of ImageNet are the authors'",
        arguments: [("ResNet34-ResNet18", 1.0), ("ResNet50-MobileNetV1", 8)])
    func authorsOnImageNet(_ name: String, _ weight: Double) throws {
        let recipe = try Recipe.load(nameOrPath: "imagenet/\(name)")
        #expect(recipe.dataset.images.name == "imagenet")
        #expect(recipe.epochs == 100 && recipe.batchSize == 256)
        #expect(recipe.optimizer.learningRate == 0.1)
        #expect(
            recipe.optimizer.options == .init(momentum: 0.9, weightDecay: 1e-4, nesterov: false))
        #expect(recipe.schedule == .multiStep(.init(milestones: [30, 60, 90], factor: 0.1)))
        #expect(
            recipe.method.review?.term
                == .init(weight: weight, warmup: .none, studentPreactivations: true))
        #expect(recipe.method.crossEntropyWeight == 1)
        #expect(recipe.teacher?.batchNorm == .frozen)
        #expect(recipe.labelSmoothing == 0 && recipe.averaging == nil)
    }

    @Test(
        "The recipes of the paper's pairs have the published weight, and lighter students less rate",
        arguments: [
            ("resnet56-resnet20", 0.6, 0.1), ("resnet110-resnet32", 1, 0.1),
            ("resnet32x4-resnet8x4", 5, 0.1), ("wrn_40_2-wrn_16_2", 5, 0.1),
            ("wrn_40_2-wrn_40_1", 5, 0.1), ("vgg13-vgg8", 5, 0.1),
            ("resnet32x4-ShuffleV1", 5, 0.02), ("wrn_40_2-ShuffleV1", 5, 0.02),
            ("vgg13-MobileNetV2", 8, 0.02), ("ResNet50-MobileNetV2", 8, 0.02),
            ("resnet32x4-ShuffleV2", 8, 0.02),
        ])
    func pairs(_ name: String, _ weight: Double, _ rate: Double) throws {
        let recipe = try Recipe.load(nameOrPath: "cifar100/\(name)")
        #expect(recipe.method.review?.term.weight == weight)
        #expect(recipe.method.review?.term.warmup == .epochs(20))
        #expect(recipe.optimizer.learningRate == rate)
        #expect(recipe.epochs == 240)
        let short = try Recipe.load(nameOrPath: "cifar100/\(name)-short")
        #expect(short.teacher == recipe.teacher && short.student == recipe.student)
        #expect(short.method.review?.term.weight == weight)
        #expect(short.optimizer.learningRate == 2 * rate)
    }

    @Test("A rescaled recipe of any length is valid", arguments: [1, 2, 3, 5, 7, 30, 241, 1000])
    func rescaledIsValid(_ epochs: Int) throws {
        for name in Recipe.shipped {
            let recipe = try Recipe.load(nameOrPath: name).rescaled(epochs: epochs)
            #expect(recipe.epochs == epochs)
            #expect(try Recipe(yaml: recipe.yaml, file: "rescaled.yaml") == recipe)
        }
    }
}
