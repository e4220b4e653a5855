import Foundation
import GRDB

/// What is written down of a run at once.
public struct RunUpdate: Sendable {
    /// Numbers; one that is there already for its step is replaced.
    public var points: [RunPoint] = []

    /// Where the run stands.
    public var progress: RunProgress?

    /// Its state with the reason of a failure.
    public var state: (RunState, reason: String?)?

    /// Files; all earlier ones are replaced.
    public var artefacts: [RunArtefact]?

    /// Nothing yet.
    public init() {}

    /// Whether there is nothing to write.
    public var isEmpty: Bool {
        points.isEmpty && progress == nil && state == nil && artefacts == nil
    }
}

extension RecordStore {
    /// Begins a run, or goes on with the one of the same folder.
    ///
    /// - Parameters:
    ///   - run: what is known of it.
    ///   - process: who works on it; nil where nobody does.
    ///   - keepsPoints: whether the numbers of an earlier attempt stay, as when it is resumed.
    /// - Returns: its number.
    /// - Throws: `RecordError`.
    public func begin(
        _ run: RunDescription, by process: ProcessIdentity?, keepsPoints: Bool
    ) throws(RecordError) -> Int64 {
        let now = Date().timeIntervalSince1970
        return try write { db in
            let known = try Row.fetchOne(
                db, sql: "SELECT id, begun FROM run WHERE folder = ?", arguments: [run.folder])
            let id: Int64
            if let known, keepsPoints {
                id = known["id"]
                try db.execute(sql: "DELETE FROM setting WHERE run = ?", arguments: [id])
            } else {
                try db.execute(sql: "DELETE FROM run WHERE folder = ?", arguments: [run.folder])
                try db.execute(
                    sql: """
                        INSERT INTO run (folder, name, kind, command, recipe, recipe_text, seed_group,
                            method, seed, epochs, score_name, state, begun, updated)
                        VALUES (?, '', '', '', '', '', '', '', 0, 0, '', 'running', ?, ?)
                        """, arguments: [run.folder, now, now])
                id = db.lastInsertedRowID
            }
            try db.execute(
                sql: """
                    UPDATE run SET name = ?, kind = ?, command = ?, recipe = ?, recipe_text = ?,
                        seed_group = ?, method = ?, seed = ?, epochs = ?, steps = ?, revision = ?,
                        libtorch = ?, device = ?, processor = ?, kernels = ?, score_name = ?,
                        state = ?, reason = NULL, host = ?, process = ?, process_start = ?
                    WHERE id = ?
                    """,
                arguments: [
                    run.name, run.kind, run.command, run.recipe, run.recipeText, run.seedGroup,
                    run.method, run.seed, run.epochs, run.steps, run.revision, run.libtorch,
                    run.device, run.processor, run.kernels, run.score,
                    RunState.running.rawValue, process?.host, process?.number, process?.start, id,
                ])
            for (key, value) in run.settings {
                try db.execute(
                    sql: "INSERT INTO setting VALUES (?, ?, ?)", arguments: [id, key, value])
            }
            try Self.touch(id, now, db)
            return id
        }
    }

    /// Writes down what happened in a run.
    ///
    /// - Parameters:
    ///   - update: what happened.
    ///   - id: the run's number.
    /// - Throws: `RecordError`.
    public func add(_ update: RunUpdate, to id: Int64) throws(RecordError) {
        let now = Date().timeIntervalSince1970
        try write { db in
            try Self.insert(update.points, of: id, db)
            if let progress = update.progress {
                try db.execute(
                    sql: """
                        UPDATE run SET epoch = ?, step = ?,
                            images_per_second = COALESCE(?, images_per_second), seconds_left = ?,
                            score = COALESCE(?, score) WHERE id = ?
                        """,
                    arguments: [
                        progress.epoch, progress.step, progress.imagesPerSecond,
                        progress.secondsLeft, progress.score, id,
                    ])
            }
            if let (state, reason) = update.state {
                try db.execute(
                    sql: """
                        UPDATE run SET state = ?, reason = ?,
                            seconds_left = CASE WHEN ? = 'running' THEN seconds_left END WHERE id = ?
                        """, arguments: [state.rawValue, reason, state.rawValue, id])
            }
            if let artefacts = update.artefacts {
                try db.execute(sql: "DELETE FROM artefact WHERE run = ?", arguments: [id])
                for file in artefacts {
                    try db.execute(
                        sql: "INSERT INTO artefact VALUES (?, ?, ?, ?)",
                        arguments: [id, file.path, file.bytes, file.sha256])
                }
            }
            try Self.touch(id, now, db)
        }
    }

    /// Removes the numbers of steps after one: those that a killed process wrote and a resumed run makes anew.
    ///
    /// - Throws: `RecordError`.
    public func removePoints(of id: Int64, after step: Int) throws(RecordError) {
        try write { db in
            try db.execute(
                sql: """
                    DELETE FROM point WHERE step > ? AND series IN
                        (SELECT id FROM series WHERE run = ?)
                    """, arguments: [step, id])
        }
    }

    /// Writes down the lines of a study's results that a run belongs to.
    ///
    /// - Parameters:
    ///   - lines: each with its place among the study's.
    ///   - id: the run's number.
    /// - Throws: `RecordError`.
    public func set(
        results lines: [(place: Int, line: String)], of id: Int64
    ) throws(RecordError) {
        try write { db in
            try db.execute(sql: "DELETE FROM result WHERE run = ?", arguments: [id])
            for (place, line) in lines {
                try db.execute(
                    sql: "INSERT INTO result VALUES (?, ?, ?)", arguments: [id, place, line])
            }
        }
    }

    /// Removes the record of a run; its folder stays.
    ///
    /// - Throws: `RecordError`.
    public func delete(_ id: Int64) throws(RecordError) {
        try write { db in try db.execute(sql: "DELETE FROM run WHERE id = ?", arguments: [id]) }
    }

    private static func insert(_ points: [RunPoint], of id: Int64, _ db: Database) throws {
        guard !points.isEmpty else { return }
        let insert = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO point (series, step, value) VALUES (?, ?, ?)")
        var series: [String: Int64] = [:]
        for point in points {
            let number = try series[point.series] ?? Self.series(point.series, of: id, db)
            series[point.series] = number
            try insert.execute(arguments: [number, point.step, point.value])
        }
    }

    private static func series(_ name: String, of id: Int64, _ db: Database) throws -> Int64 {
        let known = try Int64.fetchOne(
            db, sql: "SELECT id FROM series WHERE run = ? AND name = ?", arguments: [id, name])
        if let known { return known }
        try db.execute(sql: "INSERT INTO series (run, name) VALUES (?, ?)", arguments: [id, name])
        return db.lastInsertedRowID
    }

    /// Gives a run the next version, which readers ask for.
    private static func touch(_ id: Int64, _ now: Double, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE run SET updated = ?, version = (SELECT MAX(version) FROM run) + 1 WHERE id = ?
                """, arguments: [now, id])
    }
}
