import Foundation
import GRDB

/// A run as the records have it.
public struct RecordedRun: Sendable, Equatable {
    /// Its number in this file.
    public let id: Int64

    /// What is fixed of it; `settings` and `recipeText` are empty in a list.
    public let description: RunDescription

    /// Its state; one whose process is gone is interrupted.
    public let state: RunState

    /// Why it failed.
    public let reason: String?

    /// Where it stands.
    public let progress: RunProgress

    /// When it was begun, in seconds since 1970.
    public let begun: Double

    /// When something was last written of it, in seconds since 1970.
    public let updated: Double

    /// Grows with every write to any run of the file.
    public let version: Int64
}

/// A curve of a run.
public struct RunSeries: Sendable, Equatable {
    /// Its name, as in `RunPoint`.
    public let name: String

    /// The steps, ascending.
    public let steps: [Int]

    /// The numbers; nil where one is infinite or none.
    public let values: [Double?]

    /// Gathers them.
    public init(name: String, steps: [Int], values: [Double?]) {
        self.name = name
        self.steps = steps
        self.values = values
    }
}

extension RecordStore {
    /// All runs, the newest first.
    ///
    /// - Parameter version: only runs written after this version; nil for all.
    /// - Returns: them, without the recipes' texts.
    /// - Throws: `RecordError`.
    public func runs(after version: Int64? = nil) throws(RecordError) -> [RecordedRun] {
        try read { db in try Self.runs(after: version, db) }
    }

    /// One run with its recipe.
    ///
    /// - Parameter id: its number.
    /// - Returns: nil where there is none.
    /// - Throws: `RecordError`.
    public func run(_ id: Int64) throws(RecordError) -> RecordedRun? {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT * FROM run WHERE id = ?", arguments: [id])
            else { return nil }
            return Self.run(row, settings: try Self.settings(of: id, db))
        }
    }

    /// The run that a user names by its number, its name or its folder.
    ///
    /// - Parameter text: what was named.
    /// - Returns: it, with its recipe.
    /// - Throws: `RecordError.noRun` or `.severalRuns`, or what reading throws.
    public func run(named text: String) throws(RecordError) -> RecordedRun {
        let folder = RunDescription.whole(text)
        let found = try read { db in
            try Int64.fetchAll(
                db, sql: "SELECT id FROM run WHERE id = ? OR folder = ? OR name = ? ORDER BY id",
                arguments: [Int64(text), folder, text])
        }
        guard found.count <= 1 else { throw .severalRuns(text, ids: found) }
        if let id = found.first, let run = try run(id) { return run }
        let newest = try runs().prefix(5).map { "\($0.id) (\($0.description.name))" }
        throw .noRun(text, known: newest)
    }

    /// The curves of a run.
    ///
    /// - Parameter id: the run's number.
    /// - Returns: the curves in order of their names.
    /// - Throws: `RecordError`.
    public func series(of id: Int64) throws(RecordError) -> [RunSeries] {
        try read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT series.name, point.step, point.value FROM point
                        JOIN series ON series.id = point.series
                    WHERE series.run = ? ORDER BY series.name, point.step
                    """, arguments: [id])
            var series: [RunSeries] = []
            var (name, steps, values): (String?, [Int], [Double?]) = (nil, [], [])
            func close() {
                if let name {
                    series.append(RunSeries(name: name, steps: steps, values: values))
                }
                (steps, values) = ([], [])
            }
            while let row = try rows.next() {
                let next: String = row[0]
                if next != name {
                    close()
                    name = next
                }
                steps.append(row[1])
                values.append(row[2])
            }
            close()
            return series
        }
    }

    /// The files that a run left, in order of their paths.
    ///
    /// - Throws: `RecordError`.
    public func artefacts(of id: Int64) throws(RecordError) -> [RunArtefact] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT path, bytes, sha256 FROM artefact WHERE run = ? ORDER BY path",
                arguments: [id]
            ).map { RunArtefact(path: $0[0], bytes: $0[1], sha256: $0[2]) }
        }
    }

    /// The lines of results of all studies, in their order.
    ///
    /// - Returns: the lines, as `results.jsonl` has them.
    /// - Throws: `RecordError`.
    public func resultLines() throws(RecordError) -> [String] {
        try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT line FROM result ORDER BY place, run
                    """)
        }
    }

    /// The values of recipes that differ between runs.
    ///
    /// - Parameter ids: the runs' numbers.
    /// - Returns: for each key, in order, the value of each run; nil where it has none.
    /// - Throws: `RecordError`.
    public func differences(
        between ids: [Int64]
    ) throws(RecordError) -> [(key: String, values: [String?])] {
        let settings = try read { db in try ids.map { try Self.settings(of: $0, db) } }
        let keys = Set(settings.flatMap(\.keys)).sorted()
        return keys.compactMap { key in
            let values = settings.map { $0[key] }
            return Set(values).count > 1 ? (key, values) : nil
        }
    }

    static func runs(after version: Int64?, _ db: Database) throws -> [RecordedRun] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT id, folder, name, kind, command, recipe, '' AS recipe_text, seed_group, method,
                    seed, epochs, steps, revision, libtorch, device, processor, kernels, score_name,
                    state, reason, host, process, process_start, epoch, step, images_per_second,
                    seconds_left, score, begun, updated, version
                FROM run WHERE version > ? ORDER BY begun DESC, id DESC
                """, arguments: [version ?? -1]
        ).map { Self.run($0, settings: [:]) }
    }

    private static func settings(of id: Int64, _ db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT key, value FROM setting WHERE run = ?", arguments: [id])
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
    }

    /// A state that says `running` is checked against the process.
    private static func run(_ row: Row, settings: [String: String]) -> RecordedRun {
        var run = RunDescription(
            folder: row["folder"], name: row["name"], kind: row["kind"], recipe: row["recipe"],
            recipeText: row["recipe_text"], settings: settings, seedGroup: row["seed_group"],
            method: row["method"], seed: row["seed"], epochs: row["epochs"],
            score: row["score_name"])
        run.command = row["command"]
        run.steps = row["steps"]
        run.revision = row["revision"]
        run.libtorch = row["libtorch"]
        run.device = row["device"]
        run.processor = row["processor"]
        run.kernels = row["kernels"]
        let written = RunState(rawValue: row["state"]) ?? .interrupted
        var process: ProcessIdentity?
        if let host: String = row["host"], let number: Int = row["process"] {
            process = ProcessIdentity(host: host, number: number, start: row["process_start"] ?? "")
        }
        let updated: Double = row["updated"]
        // Of another machine's process only its silence tells.
        let isSilent = Date().timeIntervalSince1970 - updated > RunRecorder.longestSilence
        let isGone = process.map { $0.isAlive.map { !$0 } ?? isSilent } ?? true
        return RecordedRun(
            id: row["id"], description: run,
            state: written == .running && isGone ? .interrupted : written, reason: row["reason"],
            progress: RunProgress(
                epoch: row["epoch"], step: row["step"], imagesPerSecond: row["images_per_second"],
                secondsLeft: row["seconds_left"], score: row["score"]),
            begun: row["begun"], updated: updated, version: row["version"])
    }
}
