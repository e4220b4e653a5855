import Foundation
import Testing

extension CommandLineSuite {
    @Suite("What the tool says of recipes")
    struct RecipeTextsTests {
        private let workshop: Workshop

        init() throws { workshop = try .shared() }

        @Test("`recipes keys` prints docs/recipes.md")
        func page() throws {
            let root = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let committed = try String(
                contentsOf: root.appending(path: "docs/recipes.md"), encoding: .utf8)
            let printed = try workshop.run(["recipes", "keys"]).output
            #expect(committed == printed, "run `reviewkd recipes keys > docs/recipes.md`")
        }

        @Test(
            "A key without use is removed by the option that the command has",
            arguments: [
                (["train", "--output", "OUTPUT"], ", or give --set method.review=null."),
                (
                    ["ablate", "fusion", "--output", "OUTPUT", "--data", "data"],
                    ", or give --set method.review=null (ablate only)."
                ),
                (["bench"], "."),
            ])
        func unused(_ arguments: [String], _ option: String) throws {
            let file = workshop.fresh("unused") + ".yaml"
            let recipe = Workshop.recipe.replacing("name: reviewkd", with: "name: kd")
            try workshop.write(Data(recipe.utf8), to: file)
            let output = workshop.fresh("none")
            let outcome = try workshop.run(
                arguments.map { $0 == "OUTPUT" ? output : $0 } + [file])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence
                    == "Error: \(file):8: method.review: is not used when method.name is kd; remove it"
                    + option)
        }

        @Test(
            "An override is named as it was given, and a name's list by its command",
            arguments: [
                (
                    ["train", "pair.yaml", "--set", "epochs=0", "--output", "none"],
                    "--set epochs=0: epochs: expected a whole number of at least 1, found 0."
                ),
                (
                    ["train", "pair.yaml", "--set", "epochs", "--output", "none"],
                    "--set epochs: expected key.path=value; write it as in --set "
                        + "optimizer.learning_rate=0.1."
                ),
                (
                    ["train", "no.yaml", "--output", "none"],
                    "there is no file \"no.yaml\"; `reviewkd recipes` lists the shipped ones."
                ),
                (
                    ["train", "CIFAR100/ResNet20", "--output", "none"],
                    """
                    "CIFAR100/ResNet20" is neither a shipped recipe nor a file; did you mean \
                    "cifar100/resnet20"? `reviewkd recipes` lists the shipped ones.
                    """
                ),
                (
                    ["train", "cifar10/resnet20", "--output", "none"],
                    """
                    "cifar10/resnet20" is neither a shipped recipe nor a file; did you mean \
                    "cifar100/resnet20"? For cifar10 add --set dataset.name=cifar10 --set \
                    dataset.normalization=cifar10. `reviewkd recipes` lists the shipped ones.
                    """
                ),
                (
                    ["bench", "cifar10/resnet20"],
                    """
                    "cifar10/resnet20" is neither a shipped recipe nor a file; did you mean \
                    "cifar100/resnet20"? `reviewkd recipes` lists the shipped ones.
                    """
                ),
                (
                    ["recipes", "show", "cifar100/resnet65-resnet20"],
                    """
                    "cifar100/resnet65-resnet20" is neither a shipped recipe nor a file; did you mean \
                    "cifar100/resnet56-resnet20"? `reviewkd recipes` lists the shipped ones.
                    """
                ),
                (
                    ["recipes", "show", "no/such/recipe/at/all"],
                    """
                    "no/such/recipe/at/all" is neither a shipped recipe nor a file; `reviewkd recipes` \
                    lists the shipped ones.
                    """
                ),
                (
                    ["reproduce", "cifar100", "--pairs", "resnet56-resnet2", "--output", "none"],
                    """
                    the pair 'resnet56-resnet2' is unknown, expected the names of two models as \
                    TEACHER-STUDENT; did you mean "resnet56-resnet20"? `reviewkd models` lists the models.
                    """
                ),
            ])
        func names(_ arguments: [String], _ sentence: String) throws {
            let outcome = try workshop.run(arguments)
            #expect(outcome.status != 0)
            #expect(outcome.sentence == "Error: \(sentence)")
        }
    }
}
