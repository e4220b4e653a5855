import ArgumentParser
import CommandOptions
import Distillation
import Torch
import TorchNN
import Training

/// What `reproduce` and `ablate` have in common.
struct StudyOptions: ParsableArguments {
    @Option(help: "The folder that holds the data set's folder, or the data set's folder itself.")
    var data: String?

    @Option(help: "The folder for results.jsonl, tables and runs.")
    var output = "runs/cifar100"

    @Option(
        help: """
            The folder with the teachers' weights: MODEL.safetensors, .pt or .pth. Names from other \
            toolkits are found too, such as resnet8_vanilla/ckpt_epoch_240.pth.
            """)
    var teachers: String?

    @OptionGroup var weights: WeightsOptions

    @Option(
        help: """
            The teachers' normalisation: cifar100, cifar10, or mean/deviation as R,G,B/R,G,B in 0...1 \
            (default: the recipes').
            """)
    var teacherNormalization: String?

    @Option(parsing: .unconditional, help: "The seeds, such as 0,1,2.")
    var seeds = "0,1,2"

    @Option(
        parsing: .unconditional,
        help: "How many cells run at once. On the CPU they share the threads.",
        transform: wholeNumber)
    var jobs = 1

    @Option(
        parsing: .unconditional,
        help: "How many students share one teacher's forward pass. On the CPU they take turns.",
        transform: wholeNumber)
    var together = 4

    @OptionGroup var recording: RecordOptions

    @OptionGroup var device: DeviceOptions

    @OptionGroup var processes: ProcessOptions

    @Option(
        help: """
            float32 or bfloat16 (default: the recipe's, else bfloat16 where the processor has it).
            """)
    var precision: Precision?

    @Option(
        parsing: .unconditional,
        help: "Save a checkpoint every N steps, and at the end of each epoch.",
        transform: wholeNumber)
    var checkpointEvery = 200

    @Option(
        help: """
            Add the results in this file, from another machine. Trains nothing. May be repeated.
            """)
    var merge: [String] = []

    @Flag(help: "Show the plan, with times from a few measured steps. Trains nothing.")
    var dryRun = false

    @Flag(help: "Also show the best test epochs. They are chosen on the test set.")
    var bestTest = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Show no progress, only results, warnings and errors.")
    var quiet = false

    func validate() throws {
        try requireRanges([
            ("--jobs", jobs, 1...1024), ("--together", together, 1...1024),
            ("--checkpoint-every", checkpointEvery, .counts),
        ])
        _ = try parseSeeds(seeds)
        _ = try teacherNormalization.map(TeacherNormalization.init)
        guard !dryRun || merge.isEmpty else {
            throw ValidationError("--dry-run and --merge are both given, expected one of them")
        }
        guard let oneOnly, (processes.processes ?? 1) > 1 else { return }
        throw ValidationError(
            "\(oneOnly) works in one process, but --processes is given; leave one of them out")
    }

    /// The given option that several processes cannot carry out.
    private var oneOnly: String? {
        if dryRun { return "--dry-run" }
        if !merge.isEmpty { return "--merge" }
        return jobs > 1 ? "--jobs" : nil
    }

    /// Does the study of a command in one process, or in each of several.
    ///
    /// - Parameters:
    ///   - command: its name.
    ///   - body: the study.
    /// - Throws: what `body` throws, and where processes do not come together.
    func run(_ command: String, _ body: (any ProcessGroup) throws -> Void) throws {
        guard let oneOnly else { return try processes.run(on: device, body) }
        try ProcessOptions.requireOne(for: "\(command) \(oneOnly)")
        try body(SingleProcess())
    }
}
