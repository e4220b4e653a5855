import Basics
import Foundation
import Recipes
import RunRecords
import Synchronization
import Torch
import Training
import VisionData
import VisionModels

/// Trains the cells of a table, restartably.
///
/// A cell that has a line in `results.jsonl` is not run again; one that was begun goes on from its
/// run's checkpoint. Cells that are the same run, as a student alone in two pairs or one layer that
/// teaches one in two ablations, are run once. A cell that fails does not keep the others from being run.
public final class Study: Sendable {
    /// The results so far, those of other studies in the same folder included.
    public var results: [CellResult] { file.withLock { $0.results } }

    let cells: [Cell]
    let settings: StudySettings
    let report: @Sendable (StudyEvent) -> Void
    private let file: Mutex<ResultsFile>
    private let lock: FolderLock?

    /// Opens the folder of a study and reads its results.
    ///
    /// - Parameters:
    ///   - cells: what is to be run, in order.
    ///   - settings: folders, device and limits.
    ///   - plans: whether nothing is to be written, not even the folder.
    ///   - report: called with everything that happens, by one thread at a time.
    /// - Throws: where the folder cannot be used, its results are of another version, or a cell
    ///   stands there with other settings.
    public init(
        _ cells: [Cell], settings: StudySettings, plans: Bool = false,
        report: @escaping @Sendable (StudyEvent) -> Void
    ) throws {
        let turn = Mutex(())
        self.report = { event in turn.withLock { _ in report(event) } }
        self.cells = cells
        self.settings = settings
        let path = settings.resultsPath
        try StudyFolder.requireOwn(
            settings.output,
            given: settings.otherFiles + [settings.data, settings.teachers].compactMap(\.self))
        lock = plans ? nil : try FolderLock(settings.output, of: settings.output)
        let read = try ResultsFile(path: path, mayLack: true)
        if read.cutLine != nil {
            report(
                .remark(
                    "the last line of \(path) is cut off, and it is left out. Its result is taken from the "
                        + "cell's run. If that is missing, the cell is run again"))
        }
        var isFolder: ObjCBool = false
        if let teachers = settings.teachers,
            !FileManager.default.fileExists(atPath: teachers, isDirectory: &isFolder)
                || !isFolder.boolValue
        {
            throw StudyError.noFolder(teachers: teachers)
        }
        try Self.require(read, toFit: cells)
        file = Mutex(read)
    }

    /// Refuses results of the cells that were made with other settings.
    private static func require(_ file: ResultsFile, toFit cells: [Cell]) throws {
        for cell in cells {
            guard let found = file.result(of: cell.key) else { continue }
            try cell.requireSettings(of: found, in: file.path)
        }
    }

    /// The cells that are still to be run: neither they nor the same run under another name have a
    /// result.
    public var pending: [Cell] {
        file.withLock { file in cells.filter { file.result(of: $0) == nil } }
    }

    /// Takes over the results of other files, as of other machines.
    ///
    /// - Parameter paths: the files.
    /// - Throws: `ResultsFileError` or `StudyError.differs` where they do not belong into this table,
    ///   which is left as it is then; what writing throws.
    public func merge(_ paths: [String]) throws {
        let others = try paths.map { try ResultsFile(path: $0) }
        try file.withLock { file in
            var joined = file
            for other in others { try joined.join(other) { report(.remark($0)) } }
            try Self.require(joined, toFit: cells)
            try joined.save()
            file = joined
        }
        try nameTwins()
    }

    /// Runs every cell that has no result yet, the missing teachers first.
    ///
    /// - Returns: how it ended.
    /// - Throws: where data or teachers cannot be used, before anything is trained; at the end,
    ///   where cells failed; where one of several processes failed.
    public func run() throws -> StudyOutcome {
        try settings.requireSameEverywhere(cells)
        let outcome = try runPending()
        try settings.processes.give(.end(signal: outcome.signal))
        return outcome
    }

    private func runPending() throws -> StudyOutcome {
        try nameTwins()
        let open = pending
        guard let dataset = open.first?.recipe.dataset.images else { return .finished }
        try settings.processes.give(.open)
        let data = try settings.images(of: dataset) { self.report(.remark($0)) }
        try requireImages(data)
        try requireNormalizations(of: open)
        try requireMatches(of: open, data: data)
        var teachers = TeacherShelf(self, data: data)
        try teachers.fill(for: open)
        let missing = try missingTeachers(for: open)
        remark(missing: missing)
        var runs = StudyRuns(self, data: data, count: missing.count + open.count)
        if let signal = try runs.all(missing, teachers: [:]) {
            return .interrupted(signal: signal)
        }
        // A teacher's training may have been that of a student alone.
        let students = pending
        try teachers.fill(for: students)
        if let signal = try runs.all(students, teachers: teachers.files) {
            return .interrupted(signal: signal)
        }
        try runs.requireSuccess()
        return .finished
    }

    /// Refuses to put cells of other images into one table.
    ///
    /// - Throws: `StudyError.otherDataset` or `.otherImages` with a result of this study that was made with
    ///   other ones.
    func requireImages(_ data: TrainingData) throws(StudyError) {
        let now = RunInputs(trainingImages: data.train.count, testImages: data.test.count)
        for result in results where result.schedule == settings.schedule.name {
            if let expected = result.dataset, let found = cells.first?.recipe.dataset.images.name,
                expected != found
            {
                throw .otherDataset(
                    cell: "\(result.key)", path: settings.resultsPath, expected: expected,
                    found: found)
            }
            if let (kind, expected, found) = now.imageDifference(from: result.inputs) {
                throw .otherImages(
                    cell: "\(result.key)", path: settings.resultsPath, kind: kind,
                    expected: expected, found: found)
            }
        }
    }

    /// Gives each cell whose run was done under another name before a line of its own.
    private func nameTwins() throws {
        try file.withLock { file in
            let twins = cells.filter { file.result(of: $0.key) == nil }
                .compactMap { file.result(of: $0) }
            if !twins.isEmpty { try file.append(twins) }
        }
    }

    /// Where a cell's run lies.
    func folder(of cell: Cell) -> String { settings.output + "/" + cell.folder }

    /// The result of a cell, or of the same run under another name.
    ///
    /// - Throws: `StudyError.differs` where the cell's was made with other settings.
    func result(of cell: Cell) throws -> CellResult? {
        let found = file.withLock { $0.result(of: cell) }
        if let found { try cell.requireSettings(of: found, in: settings.resultsPath) }
        return found
    }

    /// Adds the result of a run, for every cell that it belongs to, safely on the disk when this returns.
    ///
    /// - Returns: a result for each of them.
    func add(_ result: CellResult, of cell: Cell) throws -> [CellResult] {
        let digest = cell.recipe.digest
        return try file.withLock { file in
            // A twin's line that is there already, as from another machine, stays.
            let twins = cells.filter {
                $0.key != cell.key && $0.recipe.digest == digest && file.result(of: $0.key) == nil
            }
            let results = [result] + twins.map { result.renamed(to: $0.key) }
            try file.append(results)
            return results
        }
    }
}
