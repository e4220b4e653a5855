import ArgumentParser
import Basics
import Recipes
import Terminal
import Torch
import TorchNN
import Training
import VisionModels

/// `reviewkd models`.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "List the networks, or describe one.")

    @Argument(help: "One network's name.")
    var name: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Description: Encodable {
        struct Stage: Encodable {
            let channels: Int
            let reduction: Int
        }
        let name: String
        let imageSize: Int
        let classes: Int
        let parameters: Int
        let multiplyAccumulates: Int
        let stages: [Stage]
        let pooledChannels: Int
    }

    func run() throws {
        let models = try name.map { [try Architecture(named: $0)] } ?? Architecture.all
        let descriptions = models.map { model in
            let facts = model.facts()
            return Description(
                name: model.name, imageSize: model.imageSize, classes: model.classCount,
                parameters: facts.parameterCount,
                multiplyAccumulates: facts.multiplyAccumulates,
                stages: facts.stages.map {
                    Description.Stage(channels: $0.channels, reduction: $0.reduction)
                },
                pooledChannels: facts.pooledChannels)
        }
        guard !json else {
            try printJSON(["models": descriptions])
            return
        }
        let width = (descriptions.map(\.name.count).max() ?? 0) + 2
        print(
            "name".padded(to: width)
                + "image  classes  parameters  million MACs  stages (channels/reduction), pooled channels"
        )
        for model in descriptions {
            let stages = model.stages.map { "\($0.channels)/\($0.reduction)" }
            let millions = (Double(model.multiplyAccumulates) / 1e6).formatted(places: 1)
            print(
                model.name.padded(to: width) + "\(model.imageSize)".padded(to: 7)
                    + "\(model.classes)".padded(to: 9) + "\(model.parameters)".padded(to: 12)
                    + millions.padded(to: 14) + stages.joined(separator: " ")
                    + ", \(model.pooledChannels)")
        }
        print("Counted with this many classes and square images of this many pixels a side.")
    }
}

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
                a -short too, and every setting of `reviewkd ablate` a name, as
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
