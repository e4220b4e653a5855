import Basics
import Foundation
import NetworkFiles
import Recipes
import RunRecords
import Training

/// What lies in the folder of a study, and in no other.
enum StudyFolder {
    /// What every study has left there, also one that ended before its first result.
    private static let own =
        ["lock", "runs", "results.jsonl"] + ["", "-wal", "-shm"].map { recordsFileName + $0 }
        + StudyTable.names.flatMap { name in ["md", "csv", "svg"].map { "\(name).\($0)" } }

    /// What a run leaves in its own folder.
    private static let ofRun = ["checkpoint", "metrics.jsonl", "recipe.yaml", lastWeightsName]

    /// Refuses a folder that holds something else, so that a study neither mixes its files with those of a
    /// run nor with somebody's own.
    ///
    /// Beside a study's files others may lie, as notes on its results, and from the beginning what the study
    /// is given, as a folder of teachers.
    ///
    /// - Parameters:
    ///   - path: the folder; it need not exist.
    ///   - given: the files and folders that the study reads.
    /// - Throws: `StudyError.holdsRun` or `.foreignFolder`.
    static func requireOwn(_ path: String, given: [String]) throws(StudyError) {
        // A folder that cannot be read cannot be locked either, which says why.
        let entries = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        // Whatever else lies there, a study was begun here: each takes the lock before anything else.
        if entries.contains("results.jsonl") || entries.contains("lock") && entries.contains("runs")
        {
            return
        }
        if let found = entries.first(where: { isOfRun($0, in: path) }) {
            throw .holdsRun(path: path, found: found)
        }
        let unfinished = own.map { $0 + AtomicFile.unfinished }
        let allowed = own + unfinished + given.compactMap { entry(holding: $0, in: path) }
        if let found = entries.first(where: { !allowed.contains($0) }) {
            throw .foreignFolder(path: path, found: found)
        }
    }

    /// The entry of a folder that a file is or lies in; nil where it lies elsewhere.
    private static func entry(holding file: String, in folder: String) -> String? {
        let (inside, outside) = (parts(of: file), parts(of: folder))
        return inside.starts(with: outside) ? inside.dropFirst(outside.count).first : nil
    }

    private static func parts(of path: String) -> [String] {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().pathComponents
    }

    /// Whether a run left an entry: its own file, or its folder among those of several seeds.
    private static func isOfRun(_ entry: String, in path: String) -> Bool {
        ofRun.contains(entry)
            || entry.hasPrefix("seed-")
                && FileManager.default.fileExists(atPath: "\(path)/\(entry)/recipe.yaml")
    }
}

extension StudyTable {
    /// The base name of the files of a table of pairs and methods.
    public static let name = "table"

    /// The base name of the files of an ablation's table.
    public static func name(of ablation: Ablation) -> String { "ablation-\(ablation.rawValue)" }

    /// The base names of all tables that a study's folder may hold.
    fileprivate static let names = [name] + Ablation.allCases.map(name(of:))
}
