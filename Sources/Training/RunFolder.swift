import Basics
import Distillation
import Foundation
import NetworkFiles
import Recipes
import RunRecords
import TensorFiles
import Torch
import TorchNN

#if canImport(Glibc)
    import Glibc
#endif

/// A run's folder that cannot be used.
public enum RunFolderError: Error, CustomStringConvertible {
    case holdsRun(path: String)
    case foreign(path: String, found: String)
    case differs(path: String, differences: [String])
    case inUse(path: String)
    case unwritable(path: String, reason: String)
    case tooSmall(path: String, needed: Int, free: Int)
    case damaged(path: String, file: String, reason: String)

    /// What happened, what was expected, and the remedy, then the differences where there are some.
    public var description: String { sentences(problem, remedy) + details }

    /// The same without the remedy and the differences.
    package var problem: String {
        switch self {
        case .holdsRun(let path): "\(path) already holds a run."
        case .foreign(let path, let found) where found.hasPrefix("seed-"):
            "\(path) holds the runs of several seeds (found \(found)). Expected the folder of one run."
        case .foreign(let path, let found):
            "\(path) is not empty, and it is not the folder of a run (found \(found)). Expected an empty "
                + "folder, or a name that is not taken."
        case .differs(let path, _): "\(path) holds a run with other settings."
        case .inUse(let path): "\(path) is in use by another process."
        case .unwritable(let path, let reason): "\(path) cannot be written to: \(reason)."
        case .tooSmall(let path, let needed, let free):
            "\(path) has too little space. The run needs about \(needed >> 20 + 1) MiB, but only "
                + "\(free >> 20) MiB are free."
        case .damaged(let path, let file, let reason):
            "\(path) holds a run that cannot be read: \(file) \(reason)."
        }
    }

    /// The differences, a line each.
    package var details: String {
        guard case .differs(_, let differences) = self else { return "" }
        return differences.prefix(9).map { "\n  \($0)" }.joined()
    }

    private var remedy: String {
        switch self {
        case .holdsRun: "resume it, or choose another folder"
        case .foreign, .unwritable: "choose another folder"
        case .differs: "resume it with its own settings, or choose another folder"
        case .inUse: "wait for it, or choose another folder"
        case .tooSmall: "free some space, or choose another folder"
        case .damaged: "restore it, or choose another folder"
        }
    }
}

extension FolderLock {
    /// Makes the folder where it is missing, and takes its lock.
    ///
    /// - Parameters:
    ///   - folder: where the file `lock` lies.
    ///   - path: the folder as its user knows it, for errors.
    /// - Throws: `RunFolderError.unwritable` or `.inUse`.
    package convenience init(_ folder: String, of path: String) throws(RunFolderError) {
        do throws(FolderLock.Failure) {
            try self.init(folder)
        } catch {
            switch error {
            case .unwritable(let reason): throw .unwritable(path: path, reason: reason)
            case .inUse: throw .inUse(path: path)
            }
        }
    }
}

/// The output folder of a run: recipe, metrics, weights and checkpoints.
package final class RunFolder {
    let path: String
    private let lock: FolderLock
    private let exitAt: (point: WritePoint, count: Int)?
    private var writes: [WritePoint: Int] = [:]

    /// The file of the last epoch's weights.
    var lastWeights: String { path + "/" + lastWeightsName }

    /// The file of the weights that were best on the validation images.
    var bestWeights: String { path + "/student-best.safetensors" }

    /// The file of the list of a split's images.
    func imageList(_ split: String) -> String { "\(path)/images-\(split).txt.gz" }

    /// The file of the mean of the student's weights.
    var averagedWeights: String { path + "/student-ema.safetensors" }

    private var recipePath: String { path + "/recipe.yaml" }
    private var metricsPath: String { path + "/metrics.jsonl" }
    private var checkpointFolder: String { path + "/checkpoint" }

    /// Opens a folder for a run, new or resumed, and keeps other processes out.
    ///
    /// - Parameters:
    ///   - path: the folder; made where it is missing.
    ///   - recipe: as resolved.
    ///   - resuming: whether a run may be there already.
    /// - Throws: `RunFolderError`, `RecipeError` or `FileError`; nothing is changed then.
    init(path: String, recipe: Recipe, resuming: Bool) throws {
        self.path = path
        exitAt = Self.exitPoint(ProcessInfo.processInfo.environment["REVIEWKD_EXIT_AT"])
        let files = FileManager.default
        let recipePath = path + "/recipe.yaml"
        let isBegun = Self.isOnlyBegun(path)
        if files.fileExists(atPath: recipePath), !isBegun {
            guard resuming else { throw RunFolderError.holdsRun(path: path) }
            let earlier = try Recipe.load(file: recipePath)
            let differences = recipe.differences(from: earlier)
            guard differences.isEmpty else {
                throw RunFolderError.differs(path: path, differences: differences)
            }
        } else if !isBegun, let found = Self.foreignEntry(in: path) {
            throw RunFolderError.foreign(path: path, found: found)
        }
        lock = try FolderLock(path + "/checkpoint", of: path)
        removeUnfinishedFiles()
        if isBegun || !files.fileExists(atPath: recipePath) {
            do throws(FileError) {
                try AtomicFile.write(Data(recipe.yaml.utf8), to: recipePath)
            } catch {
                throw RunFolderError.unwritable(path: path, reason: error.reason)
            }
        }
    }

    /// Whether a folder holds a run that ended before it saved anything.
    ///
    /// There is nothing to go on from and nothing to lose, so that the command may be repeated with what
    /// its error advised. Without a lock the recipe would be somebody's own.
    private static func isOnlyBegun(_ path: String) -> Bool {
        let files = ["recipe.yaml", "checkpoint/lock"]
        return files.allSatisfy { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
            && foreignEntry(in: path, except: files) == nil
    }

    /// Something that a run which ended before its recipe was written cannot have left.
    private static func foreignEntry(in path: String, except others: [String] = []) -> String? {
        let files = FileManager.default
        let own =
            [
                "checkpoint", "checkpoint/lock", "recipe.yaml" + AtomicFile.unfinished,
                "images-train.txt.gz", "images-test.txt.gz",
            ] + others
        let inside = (try? files.contentsOfDirectory(atPath: path + "/checkpoint")) ?? []
        let entries = (try? files.contentsOfDirectory(atPath: path)) ?? []
        return (entries + inside.map { "checkpoint/" + $0 }).sorted().first { !own.contains($0) }
    }

    /// Removes what a killed process was about to write.
    private func removeUnfinishedFiles() {
        for file in [recipePath, metricsPath, lastWeights, bestWeights, averagedWeights] {
            unlink(file + AtomicFile.unfinished)
        }
        for name in checkpointNames(ending: ".safetensors" + AtomicFile.unfinished) {
            unlink(checkpointFolder + "/" + name)
        }
    }

    private static func exitPoint(_ text: String?) -> (WritePoint, Int)? {
        let parts = text?.split(separator: ":") ?? []
        guard parts.count == 2, let point = WritePoint(rawValue: String(parts[0])),
            let count = Int(parts[1])
        else { return nil }
        return (point, count)
    }

    /// Makes sure, before the first step, that the run's files will fit.
    ///
    /// - Parameter bytes: the size of one checkpoint.
    /// - Throws: `RunFolderError.tooSmall`.
    func requireSpace(forCheckpointOf bytes: Int) throws {
        // Two checkpoints live side by side while one is written, and the weights beside them.
        let needed = 3 * bytes + (1 << 20)
        guard let free = Disk.freeBytes(at: URL(fileURLWithPath: path)), free < needed
        else { return }
        throw RunFolderError.tooSmall(path: path, needed: needed, free: free)
    }

    /// The newest checkpoint, or nil where there is none yet; once it has proved whole, older ones
    /// are removed.
    ///
    /// - Throws: `CheckpointError` where it is damaged.
    func newestCheckpoint() throws -> Checkpoint? {
        guard let name = checkpointNames().last else { return nil }
        let checkpoint = try Checkpoint(contentsOf: checkpointFolder + "/" + name)
        removeCheckpoints(before: name)
        return checkpoint
    }

    /// Saves a checkpoint; only when it is safe are older ones removed.
    func save(_ checkpoint: Checkpoint) throws {
        let digits = String(checkpoint.state.step)
        let zeros = String(repeating: "0", count: max(0, 10 - digits.count))
        let name = "step-\(zeros)\(digits).safetensors"
        try AtomicFile.write(
            try checkpoint.encoded(), to: checkpointFolder + "/" + name, reach: reach)
        removeCheckpoints(before: name)
    }

    private func removeCheckpoints(before name: String) {
        for old in checkpointNames() where old < name {
            unlink(checkpointFolder + "/" + old)
        }
    }

    private func checkpointNames(ending: String = ".safetensors") -> [String] {
        Self.checkpointNames(in: checkpointFolder, ending: ending)
    }

    private static func checkpointNames(in folder: String, ending: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(ending) }.sorted()
    }

    private func reach(_ point: WritePoint) {
        writes[point, default: 0] += 1
        if let exitAt, exitAt.point == point, exitAt.count == writes[point] { _exit(75) }
    }

    /// Writes the lines of all finished epochs.
    func write(_ history: [EpochRecord]) throws {
        let lines = try history.map { try $0.line() + "\n" }
        try AtomicFile.write(Data(lines.joined().utf8), to: metricsPath)
    }
    package
        /// Writes the student's weights under their published names, and what the file says of itself.
        func write(
            _ weights: [NamedTensor], _ card: StudentCard = StudentCard(), to path: String
        ) throws
    {
        try AtomicFile.write(
            Safetensors.encode(entries: weights.map(\.entry), metadata: card.metadata()), to: path)
    }
}

extension RunFolder {
    /// The records of a run that came to its end.
    ///
    /// - Parameters:
    ///   - path: the folder of the run.
    ///   - recipe: as resolved.
    ///   - inputs: what it has beside the recipe.
    /// - Returns: one record for each epoch; nil where the folder holds no run of this recipe, or one that
    ///   did not end yet.
    /// - Throws: `TrainingError` where it was begun with other inputs; `RecipeError` or
    ///   `RunFolderError.damaged` where it cannot be read.
    package static func finishedHistory(
        in path: String, of recipe: Recipe, with inputs: RunInputs
    ) throws -> [EpochRecord]? {
        let names = [lastWeightsName, "recipe.yaml", "metrics.jsonl"]
        guard names.allSatisfy({ FileManager.default.fileExists(atPath: "\(path)/\($0)") }),
            recipe.differences(from: try Recipe.load(file: path + "/recipe.yaml")).isEmpty
        else { return nil }
        let records = try records(in: path)
        guard records.count == recipe.epochs, let last = records.last, last.test != nil else {
            return nil
        }
        try inputs.requireSame(as: last.inputs)
        return records
    }

    /// Gives a method the state of a run's newest checkpoint.
    ///
    /// - Parameters:
    ///   - distiller: made by the run's recipe.
    ///   - path: the folder of the run.
    /// - Returns: whether there is a checkpoint.
    /// - Throws: `CheckpointError` where it is damaged, `StateDictError` where it does not fit.
    package static func restore(
        _ distiller: any Distiller<Tensor>, from path: String
    ) throws -> Bool {
        let folder = path + "/checkpoint"
        guard let name = checkpointNames(in: folder, ending: ".safetensors").last else {
            return false
        }
        let saved = try Checkpoint(contentsOf: "\(folder)/\(name)")
        try distiller.load(stateDict: saved.tensors.entries(below: "method"))
        return true
    }

    /// How many steps a run has saved.
    ///
    /// - Parameter path: the folder of the run.
    /// - Returns: the step of its newest checkpoint; nil where there is none.
    package static func savedSteps(in path: String) -> Int? {
        checkpointNames(in: path + "/checkpoint", ending: ".safetensors").last.flatMap {
            Int($0.dropFirst("step-".count).dropLast(".safetensors".count))
        }
    }

    /// The records of the epochs that a run has done, none where it has done none.
    ///
    /// - Parameter path: the folder of the run.
    /// - Returns: them, in order.
    /// - Throws: `RunFolderError.damaged` where they cannot be read.
    package static func history(in path: String) throws(RunFolderError) -> [EpochRecord] {
        FileManager.default.fileExists(atPath: path + "/metrics.jsonl")
            ? try records(in: path) : []
    }

    private static func records(in path: String) throws(RunFolderError) -> [EpochRecord] {
        let name = "metrics.jsonl"
        func damaged(_ reason: String) -> RunFolderError {
            .damaged(path: path, file: name, reason: reason)
        }
        let text: String
        do throws(TextFile.Unreadable) {
            text = try TextFile.contents(of: "\(path)/\(name)")
        } catch {
            throw damaged("cannot be read, because " + error.reason)
        }
        var records: [EpochRecord] = []
        for (index, line) in text.split(separator: "\n").enumerated() {
            guard let record = try? JSONDecoder().decode(EpochRecord.self, from: Data(line.utf8))
            else { throw damaged("has a line \(index + 1) that is no record of an epoch") }
            records.append(record)
        }
        return records
    }
}
