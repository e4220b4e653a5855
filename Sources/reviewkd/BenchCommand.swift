import ArgumentParser
import Basics
import CommandOptions
import Distillation
import Recipes
import StepTiming
import Terminal
import Torch
import TorchNN
import Training
import VisionData

/// `reviewkd bench`.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the time of whole steps on synthetic images, or of loading photographs.")

    @Argument(
        help: "A recipe's name (see `reviewkd recipes`) or file; not needed to load photographs.")
    var recipe: String?

    @Option(
        help:
            "distill, train, evaluate or reduce (the gradients' sum over processes); load, load-evaluate or load-decode of photographs."
    )
    var work = BenchWork.step(.distill)

    @Option(help: "A folder of photographs to load, or for steps of distill and train to read.")
    var data: String?

    @Option(
        parsing: .unconditional, help: "Images per step (default: the recipe's).",
        transform: wholeNumber)
    var batchSize: Int?

    @Option(help: "float32 or bfloat16 (default: bfloat16 where the processor has it).")
    var precision: Precision?

    @OptionGroup var method: MethodOptions

    @OptionGroup var overrides: OverrideOptions

    @OptionGroup var device: DeviceOptions

    @OptionGroup var processes: ProcessOptions

    @Option(parsing: .unconditional, help: "How many steps to time.", transform: wholeNumber)
    var steps = 20

    @Flag(help: "Also time the parts of a step, including data preparation.")
    var profile = false

    @Flag(help: "Time the processor's kernels for each convolution, --steps turns each.")
    var kernels = false

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Report: Encodable {
        let recipe: String
        let work: String
        let device: String
        let precision: String
        let batchSize: Int
        let threads: Int
        let steps: Int
        let processes: Int?
        let gradientBytes: Int?
        let msPerStep: Double
        let fastestMsPerStep: Double
        let imagesPerSecond: Double
        let peakMemoryBytes: Int
        let parts: [Part]?
    }

    private struct Part: Encodable {
        let name: String
        let ms: Double
    }

    func validate() throws {
        try requireRanges([("--batch-size", batchSize, .counts), ("--steps", steps, .counts)])
        if method.method == MethodSettings.Name.alone.rawValue {
            throw ValidationError(
                "--method is alone, expected a method that distills; use --work train in place of it"
            )
        }
        guard case .step(let work) = work, !kernels || processes.processes == nil else {
            if processes.processes != nil {
                throw ValidationError("--processes is for whole steps; leave it out")
            }
            return try validateLoading()
        }
        if kernels { try validateKernels() }
        guard recipe != nil else {
            throw ValidationError("Missing expected argument '<recipe>'")
        }
        guard data == nil || [.distill, .train].contains(work) else {
            throw ValidationError(
                "--data is for --work distill, train, load, load-evaluate or load-decode; leave it out"
            )
        }
        if ![.distill, .reduce].contains(work), let method = method.method {
            throw ValidationError(
                "--method is \(method) with --work \(work.rawValue), expected it with --work "
                    + "distill; leave one of them out")
        }
    }

    func run() throws {
        switch work {
        case .step(let work) where !kernels:
            try processes.run(on: device) { try runSteps(work, $0) }
        case .step:
            try ProcessOptions.requireOne(for: "bench --kernels")
            try runKernels()
        case .load(let work):
            try ProcessOptions.requireOne(for: "bench --work \(work.rawValue)")
            try runLoading(work)
        }
    }

    private func runSteps(_ work: BenchmarkWork, _ processes: any ProcessGroup) throws {
        guard let name = recipe else { return }
        guard work != .reduce || processes.size > 1 else {
            throw ValidationError(
                "--work is reduce, a sum over several processes; add --processes 2")
        }
        let usesGraph = device.graph
        let device = try device.resolve()
        let recipe = try overrides.load(name, taughtBy: method) { loaded in
            var recipe = loaded
            if let batchSize { recipe.batchSize = batchSize }
            guard ![.distill, .reduce].contains(work) || recipe.teacher != nil else {
                throw WrongRecipe(
                    description:
                        "the recipe \(recipe.name) has no teacher, expected one for --work "
                        + "\(work.rawValue); use --work train")
            }
            return recipe
        }
        let precision = try precision ?? recipe.precision ?? .standard(on: device)
        precision.noteEmulation(on: device)
        let photographs = try data.map {
            try wholeBatches(in: $0, for: recipe, device: device, processes)
        }
        let times = try recipe.benchmark(
            work, precision: precision, device: device, usesGraph: usesGraph, steps: steps,
            profiles: profile, photographs: photographs, processes: processes,
            remark: { printError("note: " + $0) })
        let report = Report(
            recipe: recipe.name, work: work.rawValue, device: "\(device)",
            precision: precision.rawValue, batchSize: recipe.batchSize, threads: Runtime.threads,
            steps: steps, processes: processes.size > 1 ? processes.size : nil,
            gradientBytes: times.reducedBytes, msPerStep: times.millisecondsPerStep,
            fastestMsPerStep: times.fastestMilliseconds,
            imagesPerSecond: Double(recipe.batchSize) * 1000 / times.millisecondsPerStep,
            peakMemoryBytes: times.peakMemoryBytes,
            parts: profile ? times.parts.map { Part(name: $0.name, ms: $0.milliseconds) } : nil)
        if json {
            try printJSON(report)
        } else {
            let places = report.imagesPerSecond < 10 ? 2 : 0
            print(
                "\(report.recipe), \(report.work), \(report.device), \(report.precision), "
                    + "batch \(report.batchSize), "
                    + (report.processes.map { "\($0) processes of " } ?? "")
                    + "\(report.threads) threads: "
                    + "\(report.msPerStep.formatted(places: 1)) ms per step (median of "
                    + "\(steps), fastest \(report.fastestMsPerStep.formatted(places: 1))), \(report.imagesPerSecond.formatted(places: places)) images/s, "
                    + "peak memory \(report.peakMemoryBytes >> 20) MiB")
            printParts(report.parts ?? [])
        }
    }

    private func wholeBatches(
        in directory: String, for recipe: Recipe, device: Device, _ processes: any ProcessGroup
    ) throws -> PhotographSource {
        guard recipe.dataset.images.hasPhotographs, !recipe.isDetection else {
            throw WrongRecipe(
                description:
                    "the recipe \(recipe.name) is not of photographs, expected one for --data; leave it out"
            )
        }
        let source = try photographs(
            in: directory, recipe.dataset.photographs,
            PhotographReading().divided(among: processes.localSize), device: device)
        guard source.count >= recipe.batchSize else {
            throw WrongRecipe(
                description:
                    "\(directory) has \(source.count) photographs, expected a batch of "
                    + "\(recipe.batchSize); use --batch-size \(source.count)")
        }
        return source
    }

    private func printParts(_ parts: [Part]) {
        let total = parts.reduce(0) { $0 + $1.ms }
        for part in parts {
            let time = part.ms.formatted(places: 1)
            let share = (100 * part.ms / total).formatted(places: 1)
            print("\(part.name.padded(to: 16))\(time) ms, \(share) %")
        }
    }
}
