import Distillation
import RecipeSyntax
import Testing
import TorchNN
import VisionData

@testable import Recipes

@Suite("Additions to ReviewKD in recipes")
struct AdditionTests {
    @Test("What refines the review is refused without it, and the whole name is suggested")
    func refinementAlone() throws {
        let name = "cifar100/resnet56-resnet20"
        do {
            _ = try Recipe.load(nameOrPath: name, overrides: ["method={name: ea+kd}"])
            Issue.record("a recipe was read")
        } catch let error as RecipeError {
            #expect("\(error)".hasSuffix("found \"ea+kd\"; did you mean \"reviewkd+ea+kd\"?"))
        }
    }

    @Test(
        "Methods that do not go with a recipe's other settings are refused where they are put in too"
    )
    func unfitMethods() throws {
        let name = "cifar100/resnet56-resnet20"
        let views = try Recipe.load(
            nameOrPath: name, overrides: ["dataset.augmentation.second_view=trivial"])
        #expect(throws: RecipeError.self) { try views.taught(by: [.crd]) }
        #expect(try views.taught(by: [.kd]).dataset.augmentation.secondView == .trivial)
        #expect(throws: RecipeError.self) {
            try Recipe.load(nameOrPath: name).taught(by: [.ea])
        }
        #expect(!MethodSettings.Name.byThemselves.contains(.ea))
    }

    /// The published ones are those of the authors' script; a weight of one's own stays.
    @Test(
        "With nd the review has the weight of ReviewKD++, unless the recipe has another of its own")
    func reviewBesideND() throws {
        for (pair, weight) in [
            ("resnet56-resnet20", 1.2), ("resnet32x4-resnet8x4", 8), ("ResNet50-MobileNetV2", 6),
            ("vgg13-vgg8", 5),
        ] {
            let recipe = try Recipe.load(nameOrPath: "cifar100/\(pair)")
            #expect(try recipe.taught(by: [.reviewkd, .nd]).method.review?.term.weight == weight)
            let back = try recipe.taught(by: [.reviewkd, .nd]).taught(by: [.reviewkd])
            #expect(back.method.review == recipe.method.review)
        }
        let own = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20", overrides: ["method.review.weight=0.7"])
        #expect(try own.taught(by: [.reviewkd, .nd]).method.review?.term.weight == 0.7)
    }

    @Test("Additions that a recipe does not take, or has already, are left out")
    func leftOutAdditions() throws {
        func names(_ recipe: Recipe) throws -> [String] {
            try #require(try Ablation.additions.variants(of: recipe)).map(\.name)
        }
        let pair = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20-medium")
        let all = ["nd", "ea", "kd-standardized", "mlkd", "dot", "ema", "second-view"]
        #expect(try names(pair) == all)
        #expect(try names(pair.taught(by: [.reviewkd, .ea])) == all.filter { $0 != "ea" })
        let photographs = try Recipe.load(nameOrPath: "imagenet/ResNet34-ResNet18")
        #expect(try names(photographs) == all.filter { $0 != "second-view" })
        let variants = try #require(try Ablation.additions.variants(of: photographs))
        #expect(
            variants.first { $0.name == "dot" }?.recipe.optimizer.options.dot == 0.09)
        let fast = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20", overrides: ["optimizer.momentum=0.95"])
        #expect(try names(fast) == all.filter { $0 != "dot" })
    }

    @Test("Two momenta are refused of a student alone, and where one of them would leave 0 to 1")
    func twoMomenta() throws {
        func load(_ name: String, _ overrides: String...) throws -> Recipe {
            try Recipe.load(nameOrPath: "cifar100/\(name)", overrides: overrides)
        }
        let pair = try load("resnet56-resnet20", "optimizer.dot=0.075")
        #expect(pair.optimizer.options.dot == 0.075)
        #expect(pair.studentAlone.optimizer.options.dot == nil)
        #expect(throws: RecipeError.self) { try load("resnet56", "optimizer.dot=0.075") }
        #expect(throws: RecipeError.self) { try load("resnet56-resnet20", "optimizer.dot=0.2") }
        #expect(throws: RecipeError.self) { try load("resnet56-resnet20", "optimizer.dot=0") }
    }

    @Test(
        "A second view is refused where a memory has one place for each image, and of photographs")
    func secondView() throws {
        let key = "dataset.augmentation.second_view"
        func load(_ name: String, _ overrides: String...) throws -> Recipe {
            try Recipe.load(nameOrPath: name, overrides: overrides)
        }
        let pair = "cifar100/resnet56-resnet20"
        let recipe = try load(pair, "\(key)=trivial")
        #expect(recipe.dataset.augmentation.secondView == .trivial)
        #expect(try Recipe(yaml: recipe.yaml, file: "views.yaml") == recipe)
        #expect(throws: RecipeError.self) {
            try load(pair, "\(key)=trivial", "method.name=reviewkd+crd")
        }
        #expect(throws: RecipeError.self) { try load(pair, "\(key)=cutout") }
        #expect(throws: RecipeError.self) {
            try load("imagenet/ResNet34-ResNet18", "\(key)=randaugment")
        }
    }

    @Test("Additions join by name, each with its constants, judged by images that are held out")
    func additions() throws {
        let base = "cifar100/resnet56-resnet20-medium"
        let whole = try Recipe.load(nameOrPath: base)
        let joined = try Recipe.load(
            nameOrPath: "\(base)/additions/nd+kd-standardized+dot+ema+second-view")
        #expect(joined.method.names == [.reviewkd, .nd, .kd])
        #expect(joined.method.review?.term.weight == 1.2)
        #expect(joined.method.review?.options == whole.method.review?.options)
        #expect(
            joined.method[KnowledgeDistillation.self]
                == .init(temperature: 2, weight: 9, standardize: true))
        #expect(joined.optimizer.options.dot == 0.075)
        #expect(joined.averaging?.decay == 0.999)
        #expect(joined.dataset.augmentation.secondView == .randaugment)
        #expect(joined.validation.split == 5000)
        #expect(throws: RecipeError.self) {
            try Recipe.load(nameOrPath: "\(base)/additions/nd+nd")
        }
    }
}
