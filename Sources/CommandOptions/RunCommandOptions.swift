import ArgumentParser
import Recipes
import TensorFiles
import Torch
import TorchNN
import Training

/// What `train` and `distill` have in common.
package struct RunCommandOptions: ParsableArguments {
    @Option(help: "The folder that holds the data set's folder, or the data set's folder itself.")
    package var data: String?

    @Option(help: "The folder for recipe, metrics, weights and checkpoints.")
    package var output: String

    @OptionGroup package var device: DeviceOptions

    @OptionGroup package var processes: ProcessOptions

    @OptionGroup package var recording: RecordOptions

    @OptionGroup package var photographs: PhotographOptions

    @Option(help: "float32 or bfloat16 (default: bfloat16 where the processor has it).")
    package var precision: Precision?

    @Option(
        parsing: .unconditional, help: "The seed of all random numbers (default: the recipe's).",
        transform: wholeNumber)
    package var seed: Int?

    @Option(
        parsing: .unconditional,
        help: "Train one student for each of these seeds, such as 0,1,2, in OUTPUT/seed-N.")
    package var seeds: String?

    @Option(
        parsing: .unconditional, help: "The number of epochs. The schedule is rescaled.",
        transform: wholeNumber)
    package var epochs: Int?

    @Option(
        parsing: .unconditional, help: "Stop after this many steps. The schedule stays the same.",
        transform: wholeNumber)
    package var maxSteps: Int?

    @Option(
        parsing: .unconditional,
        help: "Save a checkpoint every N steps, and at the end of each epoch.",
        transform: wholeNumber)
    package var checkpointEvery: Int?

    @OptionGroup package var overrides: OverrideOptions

    @Flag(
        help: "Say how long the run would take, by a few steps on synthetic images; train nothing.")
    package var dryRun = false

    @Flag(help: "Continue the run in --output.")
    package var resume = false

    @Flag(help: "Show no progress, only results, warnings and errors.")
    package var quiet = false

    @Flag(help: "Also name the best test epoch at the end. It is chosen on the test set.")
    package var bestTest = false

    @Option(help: "Start the student from these weights.")
    package var studentWeights: String?

    @Option(help: "The key of the weights in --student-weights (default: the known keys).")
    package var studentWeightsKey: String?

    @Flag(
        help: "Give the student a new last layer, and keep the other layers of --student-weights.")
    package var newClassifier = false

    /// Takes what the command line gives.
    package init() {}

    /// Where in the file of `--student-weights` they are.
    package var studentKey: WeightsKey { WeightsKey(studentWeightsKey) }

    package func validate() throws {
        try requireRanges([
            ("--seed", seed, 0...Int.max), ("--epochs", epochs, .counts),
            ("--max-steps", maxSteps, .counts), ("--checkpoint-every", checkpointEvery, .counts),
        ])
        guard !dryRun || (processes.processes ?? 1) == 1 else {
            throw ValidationError(
                "--dry-run measures one process, but --processes is given; leave one of them out")
        }
        guard studentWeightsKey == nil || studentWeights != nil else {
            throw ValidationError(
                "--student-weights-key names a key in the file of --student-weights, which is not given; "
                    + "give both or neither")
        }
        guard !newClassifier || studentWeights != nil else {
            throw ValidationError(
                "--new-classifier keeps all but the last layer of --student-weights, which is not given; give "
                    + "both or neither (a teacher for other classes is first fine-tuned by `reviewkd train`)"
            )
        }
        guard let seeds else { return }
        guard seed == nil else {
            throw ValidationError("--seed and --seeds are both given, expected one of them")
        }
        _ = try parseSeeds(seeds)
    }

    /// The seeds of `--seeds`, where it is given.
    package func parsedSeeds() throws -> [Int]? { try seeds.map(parseSeeds) }

    /// The recipe with this command's overrides, every choice written out.
    package func resolve(_ nameOrPath: String) throws -> Recipe {
        try completed(try overrides.load(nameOrPath))
    }

    /// The recipe with this command's other options, every choice written out.
    private func completed(_ recipe: Recipe) throws -> Recipe {
        var recipe = recipe
        if let epochs { recipe = recipe.rescaled(epochs: epochs) }
        if let seed { recipe.seed = seed }
        recipe.precision =
            try precision ?? recipe.precision ?? .standard(on: Device(named: device.device))
        return recipe
    }

    /// The recipe with this command's overrides and its method.
    ///
    /// - Parameters:
    ///   - nameOrPath: the recipe.
    ///   - method: whose values `--set` means, also where the recipe's own method is another.
    /// - Returns: it, every choice written out.
    /// - Throws: what loading throws; `WrongRecipe` where it has no teacher.
    package func resolve(_ nameOrPath: String, taughtBy method: MethodOptions) throws -> Recipe {
        try overrides.load(nameOrPath, taughtBy: method) { loaded in
            let resolved = try completed(loaded)
            guard resolved.teacher != nil else {
                throw WrongRecipe(
                    description:
                        "the recipe \(resolved.name) has no teacher, expected one to distill "
                        + "from; use `reviewkd train`")
            }
            return resolved
        }
    }
}
