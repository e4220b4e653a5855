import ArgumentParser
import Distillation
import Foundation
import Revision
import Synchronization
import Torch
import Training

/// What `reproduce` and `ablate` have in common.
struct StudyOptions: ParsableArguments {
    @Option(help: "The folder that holds the data set's folder, or that folder.")
    var data: String?

    @Option(help: "The folder for results.jsonl, tables and runs.")
    var output: String

    @Option(help: "The folder with MODEL.safetensors, .pt or .pth of the teachers.")
    var teachers: String?

    @Option(help: "The teachers' normalisation, cifar100 or cifar10 (default: the recipes').")
    var teacherNormalization: TeacherNormalization?

    @Option(help: "The seeds, as 0,1,2.")
    var seeds = "0,1,2"

    @Option(help: "How many cells run at once; on the CPU they share the threads.")
    var jobs = 1

    @Option(
        help: "How many students of one teacher share its work on a batch, on the CPU in turn.")
    var together = 4

    @OptionGroup var device: DeviceOptions

    @Option(help: "float32 or bfloat16 (default: bfloat16 where the processor has it).")
    var precision: Precision?

    @Option(help: "Save every so many steps, beside the end of every epoch.")
    var checkpointEvery = 200

    @Option(
        help: """
            Take over the results of this file, of another machine; trains nothing. May be repeated.
            """)
    var merge: [String] = []

    @Flag(help: "Show the plan, with times from a few measured steps; trains nothing.")
    var dryRun = false

    @Flag(help: "Also show the best test epochs, which are chosen on the test set.")
    var bestTest = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "No progress, only results, warnings and errors.")
    var quiet = false

    func validate() throws {
        for (name, value) in [
            ("--jobs", jobs), ("--together", together),
            ("--checkpoint-every", checkpointEvery),
        ] where value < 1 {
            throw ValidationError("\(name) is \(value), expected at least 1")
        }
        let numbers = try parseSeeds(seeds)
        guard Set(numbers).count == numbers.count else {
            throw ValidationError("--seeds is \(seeds), expected each seed once")
        }
        guard !dryRun || merge.isEmpty else {
            throw ValidationError("--dry-run and --merge are both given, expected one of them")
        }
    }
}

/// A normalisation by name.
enum TeacherNormalization: String, CaseIterable, ExpressibleByArgument {
    case cifar100, cifar10

    /// As recipes have it.
    var settings: NormalizationSettings { self == .cifar100 ? .cifar100 : .cifar10 }
}

/// One call of `reproduce` or `ablate`.
struct StudyRun {
    let options: StudyOptions
    let schedule: StudySchedule

    /// The base name of the tables.
    let name: String

    /// Plans, joins or trains as the options say, and leaves and prints the table.
    ///
    /// - Parameter cells: makes the cells from the seeds and the precision.
    /// - Returns: the table; nil where only a plan was asked for.
    /// - Throws: what planning, training and writing throw.
    func callAsFunction(_ cells: ([Int], Precision) throws -> [Cell]) throws -> StudyTable? {
        let device = try options.device.resolve()
        let precision = try options.precision ?? .standard(on: device)
        precision.noteEmulation(on: device)
        let normalization = options.teacherNormalization?.settings
        let cells = try cells(parseSeeds(options.seeds), precision).map {
            cell in normalization.map { cell.with(teacherNormalization: $0) } ?? cell
        }
        let reporter = Mutex(ProgressReporter(quiet: options.quiet))
        var settings = StudySettings(output: options.output)
        settings.data = options.data
        settings.teachers = options.teachers
        settings.schedule = schedule
        settings.precision = precision
        settings.device = device
        settings.usesGraph = options.device.graph
        settings.jobs = options.jobs
        settings.together = options.together
        settings.checkpointEvery = options.checkpointEvery
        settings.revision = revision
        settings.interruption = { Interruption.signal }
        let study = try Study(cells, settings: settings, plans: options.dryRun) { event in
            reporter.withLock { $0.report(event) }
        }
        if options.dryRun {
            try show(study.estimate { text in reporter.withLock { $0.progress(text) } })
            return nil
        }
        var failure: (any Error)?
        if options.merge.isEmpty {
            Interruption.install()
            do {
                let outcome = try study.run()
                if case .interrupted(let signal) = outcome {
                    try writeTables(table(of: cells, study))
                    printError(
                        "Interrupted; everything is saved in \(options.output). Repeat the command "
                            + "to go on.")
                    throw ExitCode(128 + signal)
                }
            } catch let error as StudyError {
                // After failed cells the table of the others is shown; before them there is none.
                guard case .failed = error else { throw error }
                failure = error
            }
        } else {
            try study.merge(options.merge)
        }
        let table = table(of: cells, study)
        try writeTables(table)
        try show(table)
        if let failure { throw failure }
        return table
    }

    private func table(of cells: [Cell], _ study: Study) -> StudyTable {
        StudyTable(cells, results: study.results, showsTestBest: options.bestTest)
    }

    private func writeTables(_ content: StudyTable) throws {
        let path = "\(options.output)/\(name)"
        try write(content.markdown, to: path + ".md")
        try write(content.csv, to: path + ".csv")
    }

    private func show(_ content: StudyTable) throws {
        if options.json {
            try printJSON(["rows": content.rows])
        } else {
            print(content.markdown, terminator: "")
            print("\nTables: \(options.output)/\(name).md and .csv")
        }
    }

    private struct Plan: Encodable {
        let cells: [StudyEstimate.Line]
        let steps: Int
        let seconds: Double
        let diskBytes: Int
    }

    private func show(_ estimate: StudyEstimate) throws {
        let open = estimate.lines.filter { !$0.done }
        guard !options.json else {
            return try printJSON(
                Plan(
                    cells: estimate.lines, steps: estimate.steps, seconds: estimate.seconds,
                    diskBytes: estimate.diskBytes))
        }
        for line in estimate.lines {
            let state = line.done ? "done" : "\(line.steps) steps, \(duration(line.seconds))"
            print(
                line.pair.padded(to: 24) + line.method.padded(to: 28)
                    + "seed \(line.seed)".padded(to: 9) + state)
        }
        print(
            "\(open.count) of \(estimate.lines.count) cells to run, \(estimate.steps) steps, about "
                + "\(duration(estimate.seconds)) one after another at the speed measured here, "
                + "\((estimate.diskBytes + 1 << 20 - 1) >> 20) MiB of disk")
    }
}

/// Writes a text, so that a reader only ever sees the old or the new one, whole.
func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
}
