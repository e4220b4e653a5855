import ArgumentParser
import Basics
import CommandOptions
import Distillation
import RecordCommands
import Recording
import Remedies
import Reporting
import Revision
import Studies
import Synchronization
import Terminal
import Torch
import TorchNN
import Training

/// One call of `reproduce` or `ablate`.
struct StudyRun {
    let options: StudyOptions
    let schedule: StudySchedule

    /// The schedule or recipe as the user named it.
    let source: String

    /// The base name of the tables.
    let name: String

    /// Draws the heat map that belongs to a table, where one does.
    var picture: (StudyTable) -> StageHeatMap? = { _ in nil }

    /// Plans, joins or trains as the options say, and leaves and prints the table.
    ///
    /// - Parameters:
    ///   - processes: those that do each run together; the first one plans, writes and prints.
    ///   - cells: makes the cells from the seeds and the precision.
    /// - Throws: what planning, training and writing throw.
    func callAsFunction(
        with processes: any ProcessGroup, _ cells: ([Int], Precision) throws -> [Cell]
    ) throws {
        let device = try options.device.resolve()
        let precision = try options.precision ?? schedule.precision ?? .standard(on: device)
        precision.noteEmulation(on: device)
        let normalization = try options.teacherNormalization.map(TeacherNormalization.init)?
            .settings
        let cells = try cells(parseSeeds(options.seeds), precision).map {
            cell in normalization.map { cell.with(teacherNormalization: $0) } ?? cell
        }
        var settings = StudySettings(output: options.output)
        settings.data = options.data
        settings.teachers = options.teachers
        settings.otherFiles = [source] + options.merge
        settings.weightsKey = options.weights.key
        settings.schedule = schedule
        settings.precision = precision
        settings.device = device
        settings.processes = processes
        settings.usesGraph = options.device.graph
        settings.adaptsThreads = options.device.adaptsThreads(with: processes)
        settings.jobs = options.jobs
        settings.together = options.together
        settings.checkpointEvery = options.checkpointEvery
        settings.revision = revision
        settings.interruption = { Interruption.signal }
        guard processes.rank == 0 else { return try help(cells, settings) }
        try plan(cells, settings)
    }

    /// Takes part in the runs of the first process, which says and writes everything.
    private func help(_ cells: [Cell], _ settings: StudySettings) throws {
        Interruption.install()
        if case .interrupted(let signal) = try StudyHelper(cells, settings: settings).work() {
            throw ExitCode(128 + signal)
        }
    }

    private func plan(_ cells: [Cell], _ settings: StudySettings) throws {
        let reporter = Mutex(ProgressReporter(quiet: options.quiet))
        // A plan leaves nothing behind.
        let book =
            options.dryRun
            ? nil
            : options.recording.book(
                in: options.output, kind: name == StudyTable.name ? "reproduce" : "ablate")
        // A study tells of one thing at a time, and is over when the recording is concluded.
        nonisolated(unsafe) let recording = book.map {
            StudyRecording(cells, in: options.output, options: settings.run, book: $0)
        }
        let study = try Study(cells, settings: settings, plans: options.dryRun) { event in
            reporter.withLock { $0.report(event) }
            recording?.record(event, told: told)
        }
        if options.dryRun {
            return try show(study.estimate { text in reporter.withLock { $0.progress(text) } })
        }
        var failure: (any Error)?
        if options.merge.isEmpty {
            Interruption.install()
            do {
                // Whatever ends it, the folders have the last word.
                defer { recording?.conclude() }
                let outcome = try study.run()
                if case .interrupted(let signal) = outcome {
                    try writeTables(table(of: cells, study))
                    printError(
                        "Interrupted; everything is saved in \(options.output). Repeat the command "
                            + "to go on.")
                    throw ExitCode(128 + signal)
                }
            } catch let error as FailedCells {
                // The table of the others is shown.
                failure = error
            }
        } else {
            try study.merge(options.merge)
        }
        let table = table(of: cells, study)
        do {
            try writeTables(table)
            try show(table)
        } catch {
            guard let failure else { throw error }
            printError("note: \(told(error))")
            throw failure
        }
        if let failure { throw failure }
    }

    private func table(of cells: [Cell], _ study: Study) -> StudyTable {
        StudyTable(cells, results: study.results, showsTestBest: options.bestTest)
    }

    private var path: String { "\(options.output)/\(name)" }

    private func writeTables(_ table: StudyTable) throws {
        try table.write(to: path)
        try picture(table)?.write(to: path + ".svg")
    }

    private func show(_ table: StudyTable) throws {
        guard !options.json else { return try printJSON(["rows": table.rows]) }
        print(table.markdown, terminator: "")
        print("\nTables: \(path).md and .csv")
        if picture(table) != nil { print("Heat map: \(path).svg") }
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
            let left = "\(line.stepsLeft) steps, \(duration(line.seconds))"
            let state = line.done ? "done" : line.stepsLeft == 0 ? "as a cell above" : left
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
