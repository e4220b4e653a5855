import ArgumentParser
import Basics
import Distillation
import Foundation
import Recipes
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training

extension Precision: ExpressibleByArgument {}

/// Where and with how many threads to compute.
struct DeviceOptions: ParsableArguments {
    @Option(help: "Where to compute: cpu, cuda or cuda:N.")
    var device = "cpu"

    @Flag(help: "Round the inputs of float32 products to TF32 on a card.")
    var tf32 = false

    @Flag(inversion: .prefixedNo, help: "Run a training step on a card as one graph.")
    var graph = true

    @Option(
        parsing: .unconditional, help: "Threads of one CPU operator (default: LibTorch's choice).",
        transform: wholeNumber)
    var threads: Int?

    @Flag(help: "Give the same bits in every run on one machine. It costs nothing on the CPU.")
    var deterministic = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError(
                "--threads is \(threads), expected 1 to 1024; leave it out for LibTorch's choice")
        }
        do {
            _ = try Device(named: device)
        } catch .unknown(let name) {
            throw ValidationError(DeviceError.unknown(name: name).description)
        } catch {
            // An absent device is the machine's matter, not wrong use: `resolve` reports it.
        }
    }

    /// Sets the threads and finds the device.
    func resolve() throws -> Device {
        try Processor.current.requireWantedKernels()
        if let threads {
            let processors = ProcessInfo.processInfo.activeProcessorCount
            if threads > processors {
                printError(
                    "note: \(threads) threads share \(processors) processor(s), which slows every step; "
                        + "--threads \(processors) is faster")
            }
            Runtime.setThreads(threads)
        }
        if deterministic { Runtime.requireDeterminism(true) }
        Runtime.allowTF32(tf32)
        return try Device(named: device)
    }
}

extension Precision {
    /// Tells the user where this precision is slower than it need be.
    func noteEmulation(on device: Device) {
        guard self == .bfloat16, device == .cpu, !Runtime.hasNativeBFloat16 else { return }
        printError(
            "note: without AVX512-BF16 (found: \(Runtime.cpuCapability)) bfloat16 is emulated and "
                + "slow; use --precision float32")
    }
}

/// What `train` and `distill` have in common.
struct RunCommandOptions: ParsableArguments {
    @Option(help: "The folder that holds the data set's folder, or the data set's folder itself.")
    var data: String?

    @Option(help: "The folder for recipe, metrics, weights and checkpoints.")
    var output: String

    @OptionGroup var device: DeviceOptions

    @OptionGroup var photographs: PhotographOptions

    @Option(help: "float32 or bfloat16 (default: bfloat16 where the processor has it).")
    var precision: Precision?

    @Option(
        parsing: .unconditional, help: "The seed of all random numbers (default: the recipe's).",
        transform: wholeNumber)
    var seed: Int?

    @Option(
        parsing: .unconditional,
        help: "Train one student for each of these seeds, such as 0,1,2, in OUTPUT/seed-N.")
    var seeds: String?

    @Option(
        parsing: .unconditional, help: "The number of epochs. The schedule is rescaled.",
        transform: wholeNumber)
    var epochs: Int?

    @Option(
        parsing: .unconditional, help: "Stop after this many steps. The schedule stays the same.",
        transform: wholeNumber)
    var maxSteps: Int?

    @Option(
        parsing: .unconditional,
        help: "Save a checkpoint every N steps, and at the end of each epoch.",
        transform: wholeNumber)
    var checkpointEvery: Int?

    @OptionGroup var overrides: OverrideOptions

    @Flag(
        help: "Say how long the run would take, by a few steps on synthetic images; train nothing.")
    var dryRun = false

    @Flag(help: "Continue the run in --output.")
    var resume = false

    @Flag(help: "Show no progress, only results, warnings and errors.")
    var quiet = false

    @Flag(help: "Also name the best test epoch at the end. It is chosen on the test set.")
    var bestTest = false

    @Option(help: "Start the student from these weights.")
    var studentWeights: String?

    @Option(help: "The key of the weights in --student-weights (default: the known keys).")
    var studentWeightsKey: String?

    @Flag(
        help: "Give the student a new last layer, and keep the other layers of --student-weights.")
    var newClassifier = false

    /// Where in the file of `--student-weights` they are.
    var studentKey: WeightsKey { WeightsKey(studentWeightsKey) }

    func validate() throws {
        try requireRanges([
            ("--seed", seed, 0...Int.max), ("--epochs", epochs, .counts),
            ("--max-steps", maxSteps, .counts), ("--checkpoint-every", checkpointEvery, .counts),
        ])
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
    func parsedSeeds() throws -> [Int]? { try seeds.map(parseSeeds) }

    /// The recipe with this command's overrides, every choice written out.
    func resolve(_ nameOrPath: String) throws -> Recipe {
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
    func resolve(_ nameOrPath: String, taughtBy method: MethodOptions) throws -> Recipe {
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

/// Values of a recipe that the command line replaces.
struct OverrideOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: "Override one value of the recipe: key.path=value. May be repeated.")
    var values: [String] = []

    /// The recipe with these values.
    func load(_ nameOrPath: String) throws -> Recipe {
        try Recipe.load(nameOrPath: nameOrPath, overrides: values)
    }

    /// The recipe with these values and a method.
    ///
    /// - Parameters:
    ///   - nameOrPath: the recipe.
    ///   - method: whose values are meant, also where the recipe's own method is another.
    ///   - complete: what other options change before the method's published constants are looked up.
    /// - Returns: it.
    /// - Throws: what loading and `complete` throw.
    func load(
        _ nameOrPath: String, taughtBy method: MethodOptions,
        _ complete: (Recipe) throws -> Recipe
    ) throws -> Recipe {
        let own = values.filter { method.method != nil && $0.hasPrefix("method.") }
        let others = values.filter { !own.contains($0) }
        let taught = try method.apply(
            to: complete(try Recipe.load(nameOrPath: nameOrPath, overrides: others)))
        guard !own.isEmpty else { return taught }
        return try Recipe(yaml: taught.yaml, file: nameOrPath, overrides: own)
    }
}

/// Which method teaches.
struct MethodOptions: ParsableArguments {
    @Option(help: "Use this method with its published constants, such as crd or reviewkd+kd.")
    var method: String?

    func validate() throws { _ = try names() }

    /// The recipe taught by this method.
    func apply(to recipe: Recipe) throws -> Recipe {
        try names().map { try recipe.taught(by: $0) } ?? recipe
    }

    private func names() throws -> [MethodSettings.Name]? {
        guard let method else { return nil }
        guard let names = [MethodSettings.Name](joined: method) else {
            throw ValidationError(MethodSettings.Name.unknown(method, option: "--method"))
        }
        return names
    }
}

/// Where in a file the weights are.
struct WeightsOptions: ParsableArguments {
    @Option(
        help: """
            The key of the weights in a checkpoint, or the beginning of the weights' names. Join several \
            keys with dots (default: state_dict, model and other known keys). `distill` uses it for the \
            teacher's file.
            """)
    var weightsKey: String?

    /// Where in the file they are.
    var key: WeightsKey { WeightsKey(weightsKey) }
}

/// Reads seeds separated by commas, each of which stands once.
func parseSeeds(_ text: String) throws -> [Int] {
    let numbers = listed(text).map { Int($0) }
    let known = numbers.compactMap(\.self)
    guard known.count == numbers.count, known.allSatisfy({ $0 >= 0 }) else {
        throw ValidationError(
            "--seeds is \(text), expected whole numbers of at least 0, as 0,1,2")
    }
    guard Set(known).count == known.count else {
        throw ValidationError("--seeds is \(text), expected each seed once")
    }
    return known
}
