import Distillation
import RecipeSyntax
import Testing
import TorchNN

@testable import Recipes

@Suite("Methods in recipes")
struct RecipeMethodTests {
    @Test(
        "A pair taught by other methods has their published constants, and is a valid recipe",
        arguments: MethodSettings.Name.byThemselves)
    func otherMethods(_ name: MethodSettings.Name) throws {
        for shipped in ["cifar100/resnet56-resnet20", "cifar100/vgg13-vgg8-short"] {
            let recipe = try Recipe.load(nameOrPath: shipped).taught(by: [name])
            #expect(recipe.method.names == [name])
            #expect(recipe.method.crossEntropyWeight == ([.kd, .mlkd].contains(name) ? 0.1 : 1))
            #expect((recipe.teacher == nil) == (name == .alone))
            #expect((recipe.method.review == nil) == (name != .reviewkd))
            #expect(try Recipe(yaml: recipe.yaml, file: "taught.yaml") == recipe)
        }
    }

    @Test("DKD's published β depends on the pair, and its warm-up on the length")
    func decoupledConstants() throws {
        for (pair, beta, warmup) in [
            ("resnet56-resnet20", 2.0, 20), ("vgg13-vgg8", 6, 20),
            ("resnet32x4-ShuffleV1", 8, 20), ("wrn_40_2-wrn_16_2-short", 6, 0),
        ] {
            let recipe = try Recipe.load(nameOrPath: "cifar100/\(pair)").taught(by: [.dkd])
            let constants = try #require(recipe.method[DecoupledKnowledgeDistillation.self])
            #expect(constants.beta == beta)
            #expect(constants.warmupEpochs == warmup)
            let rescaled = recipe.rescaled(epochs: 120)
            #expect(
                rescaled.method[DecoupledKnowledgeDistillation.self]?.warmupEpochs
                    == (recipe.epochs == 240 ? 10 : 0))
        }
    }

    @Test("A method named in a file has the constants that --method gives")
    func constantsOfFiles() throws {
        for pair in ["resnet56-resnet20", "vgg13-vgg8-short", "wrn_40_2-wrn_40_1"] {
            let name = "cifar100/\(pair)"
            let shipped = try Recipe.load(nameOrPath: name)
            for method in MethodSettings.Name.allCases where ![.alone, .reviewkd].contains(method) {
                if !method.refinesReview {
                    let named = try Recipe.load(
                        nameOrPath: name, overrides: ["method={name: \(method.rawValue)}"])
                    #expect(try named == shipped.taught(by: [method]), "\(pair) \(method)")
                }
                // The file's own weight of the review stays, where --method takes that of ReviewKD++.
                if method == .nd { continue }
                let joined = try Recipe.load(
                    nameOrPath: name, overrides: ["method.name=reviewkd+\(method.rawValue)"])
                #expect(try joined == shipped.taught(by: [.reviewkd, method]), "\(pair) \(method)")
            }
        }
    }

    @Test("ReviewKD in place of another method has the weight that was published for the pair")
    func publishedReview() throws {
        for (pair, weight) in [
            ("resnet56-resnet20", 0.6), ("resnet110-resnet32", 1), ("resnet32x4-ShuffleV2", 8),
            ("vgg16-MobileNetV2", 8), ("vgg16-wrn_16_1", 5), ("vgg16-resnet8", 0.6),
            ("vgg16-resnet32", 1), ("vgg16-ShuffleV2", 8),
        ] {
            let shipped = try Recipe.load(nameOrPath: "cifar100/\(pair)")
            #expect(shipped.method.review?.term.weight == weight)
            #expect(try shipped.taught(by: [.at]).taught(by: [.reviewkd]) == shipped)
            let named = try Recipe.load(
                nameOrPath: "cifar100/\(pair)", overrides: ["method={name: reviewkd}"])
            #expect(named == shipped)
        }
    }

    @Test("Joined methods keep the review's settings, and KD then counts 1 beside the labels' 1")
    func joinedMethods() throws {
        let pair = try Recipe.load(nameOrPath: "cifar100/resnet56-resnet20")
        let names = try #require([MethodSettings.Name](joined: "reviewkd+kd"))
        let recipe = try pair.taught(by: names)
        #expect(recipe.method.name == "reviewkd+kd")
        #expect(recipe.method.review == pair.method.review)
        #expect(recipe.method.crossEntropyWeight == 1)
        #expect(recipe.method[KnowledgeDistillation.self]?.weight == 1)
        for wrong in ["", "kd+", "kd+kd", "kd+alone", "KD", "reviewkd kd"] {
            #expect([MethodSettings.Name](joined: wrong) == nil, "\(wrong)")
        }
    }

    @Test("A method's section overrides single constants and leaves the others as published")
    func ownConstants() throws {
        let recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20",
            overrides: ["method={name: crd+at, crd: {negatives: 100}}"])
        #expect(recipe.method[ContrastiveRepresentationDistillation.self]?.negatives == 100)
        #expect(recipe.method[ContrastiveRepresentationDistillation.self]?.momentum == 0.5)
        #expect(recipe.method[AttentionTransfer.self]?.weight == 1000)
    }
}
