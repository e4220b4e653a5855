import ArgumentParser
import Basics
import Recipes
import Terminal

/// `reviewkd recipes`.
struct RecipesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipes", abstract: "List the shipped recipes, or show one.",
        subcommands: [List.self, Show.self, Keys.self], defaultSubcommand: List.self)

    /// `reviewkd recipes list`, also without the word.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the shipped recipes.")

        @Flag(help: "Print one JSON object.")
        var json = false

        private struct Entry: Encodable {
            let name: String
            let description: String
        }

        func run() throws {
            let entries = try Recipe.shipped.map {
                Entry(name: $0, description: try Recipe.load(nameOrPath: $0).description)
            }
            guard !json else {
                try printJSON(["recipes": entries])
                return
            }
            for entry in entries { print(entry.name.padded(to: 36) + entry.description) }
            print(
                """

                By name there are also cifar100/TEACHER-STUDENT and cifar100/MODEL for any networks for 32 pixels of
                `reviewkd models`, and imagenet/… for those for 224 pixels, named without imagenet-. Each has
                a -short too, those of cifar100 a -medium of 60 epochs, and every setting of `reviewkd ablate` a name, as
                cifar100/resnet56-resnet20/stages/2-1.
                """)
        }
    }

    /// `reviewkd recipes show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a recipe.")

        @Argument(help: "A recipe's name or file.")
        var name: String

        func run() throws {
            // Loading says which names there are.
            let text = try Recipe.text(named: name) ?? Recipe.load(nameOrPath: name).yaml
            print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
        }
    }

    /// `reviewkd recipes keys`.
    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every key of a recipe with its default and meaning.")

        func run() throws { print(KeysPage.text, terminator: "") }
    }
}
