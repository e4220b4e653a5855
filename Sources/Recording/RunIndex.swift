import Basics
import Foundation
import Recipes
import RecordStore
import RunRecords
import Studies
import Training

/// The records of runs, made from their folders, which are the truth.
package struct RunIndex {
    /// What was found.
    package struct Outcome {
        /// How many runs there are.
        package var runs = 0

        /// Folders that look like a run's and cannot be read, with the reason.
        package var unreadable: [(folder: String, reason: String)] = []
    }

    private let store: RecordStore
    private let root: String

    /// Chooses the records.
    ///
    /// - Parameters:
    ///   - store: open for writing.
    ///   - root: the folder from which runs have their names.
    package init(_ store: RecordStore, root: String) {
        self.store = store
        self.root = RunDescription.whole(root)
    }

    /// Takes in every run below a folder, and removes the records of those below it that are gone.
    ///
    /// Records of single steps stay, since no folder has them.
    ///
    /// - Parameter folder: it and what is below it.
    /// - Returns: what was found.
    /// - Throws: `RecordError`, or `FileError` where the folder cannot be read.
    package func index(_ folder: String) throws -> Outcome {
        let folder = RunDescription.whole(folder)
        var outcome = Outcome()
        var found: Set<String> = []
        let (runs, studies) = try Self.folders(below: folder)
        let known = Dictionary(
            uniqueKeysWithValues: try store.runs().map { ($0.description.folder, $0) })
        for run in runs {
            do {
                try take(run, known: known[run])
                outcome.runs += 1
                found.insert(run)
            } catch let error as RecordError {
                throw error
            } catch {
                outcome.unreadable.append((run, "\(error)"))
                found.insert(run)
            }
        }
        for study in studies {
            do {
                try takeResults(of: study)
            } catch let error as RecordError {
                throw error
            } catch {
                outcome.unreadable.append((study, "\(error)"))
            }
        }
        for run in try store.runs() where run.state != .running {
            let path = run.description.folder
            let isBelow = path == folder || path.hasPrefix(folder + "/")
            if isBelow, !found.contains(path) { try store.delete(run.id) }
        }
        return outcome
    }

    /// The folders of runs and of studies, in order.
    private static func folders(below root: String) throws -> (runs: [String], studies: [String]) {
        let files = FileManager.default
        var runs: [String] = []
        var studies: [String] = []
        func walk(_ folder: String) throws {
            let names: [String]
            do {
                names = try files.contentsOfDirectory(atPath: folder).sorted()
            } catch {
                throw FileError.cannotRead(path: folder, reason: FileError.reason(of: error))
            }
            if names.contains("results.jsonl") { studies.append(folder) }
            if names.contains("recipe.yaml"),
                names.contains("metrics.jsonl") || names.contains("checkpoint")
            {
                return runs.append(folder)
            }
            for name in names where !name.hasPrefix(".") {
                var isFolder: ObjCBool = false
                let path = folder + "/" + name
                // A link could lead out of the folder, or back into it.
                guard (try? files.destinationOfSymbolicLink(atPath: path)) == nil,
                    files.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
                else { continue }
                try walk(path)
            }
        }
        try walk(root)
        return (runs, studies)
    }

    private func take(_ folder: String, known: RecordedRun?) throws {
        let recipe = try Recipe.load(file: folder + "/recipe.yaml")
        let history = try RunFolder.history(in: folder)
        // Its own process knows more than its folder.
        if known?.state == .running { return }
        var run = RunDescription(
            recipe, in: folder, kind: recipe.teacher == nil ? "train" : "distill", below: root)
        if let former = known?.description {
            run.kind = former.kind
            run.command = former.command
            run.steps = former.steps
            run.libtorch = former.libtorch
            run.device = former.device
            run.processor = former.processor
        }
        run.revision = history.last?.revision
        run.kernels = history.last?.kernels.map { "\($0.convolution), \($0.libtorch)" }
        if let last = history.last, last.epoch > 0 {
            run.steps = last.step / last.epoch * recipe.epochs
        }
        let id = try store.begin(run, by: nil, keepsPoints: true)
        var update = RunUpdate(history, score: run.score)
        let isFinished = history.count == recipe.epochs
        if isFinished {
            update.state = (.finished, nil)
        } else if known?.state == .failed {
            update.state = (.failed, known?.reason)
        } else {
            update.state = (.interrupted, nil)
        }
        if !isFinished, let step = RunFolder.savedSteps(in: folder) {
            update.progress = RunProgress(
                epoch: history.count, step: step, score: update.progress?.score)
        }
        update.artefacts = artefacts(in: folder)
        try store.add(update, to: id)
    }

    /// Gives the lines of a study's results to its runs; the line of a run's twin goes to the run itself.
    private func takeResults(of study: String) throws {
        let results = try StudyResults(in: study)
        let runs = try store.runs()
        var lines: [Int64: [(place: Int, line: String)]] = [:]
        for (place, result) in results.lines.enumerated() {
            let owner = runs.first { $0.description.folder == "\(study)/\(result.folder)" }
            // A twin has no folder of its own, nor has a result that was merged from another machine.
            guard
                let run = owner
                    ?? runs.first(where: { $0.description.folder.hasPrefix(study + "/") })
            else { continue }
            lines[run.id, default: []].append((place, result.line))
        }
        for (id, lines) in lines { try store.set(results: lines, of: id) }
    }
}
