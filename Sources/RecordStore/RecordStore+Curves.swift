import Foundation
import GRDB

/// How far a file of records had been written at some time.
public struct RecordMarks: Sendable, Equatable {
    /// The newest version of a run; -1 where there is none.
    public var version: Int64

    /// The number of the newest point; -1 where there is none.
    public var point: Int64

    /// How many runs there are.
    public var count: Int

    /// The greatest number of a run; -1 where there is none.
    public var newestRun: Int64

    /// Before the first write.
    public static let none = RecordMarks(version: -1, point: -1, count: 0, newestRun: -1)
}

/// A number of a curve, as it lies in the file.
public struct RecordedPoint: Sendable, Equatable {
    /// The number of its curve.
    public let series: Int64

    /// How many steps of the run were done.
    public let step: Int

    /// The number; nil where it is infinite or none.
    public let value: Double?
}

/// Which curve has a number.
public struct SeriesKey: Sendable, Equatable {
    /// The run's number.
    public let run: Int64

    /// The curve's name, as in `RunPoint`.
    public let name: String
}

/// What was written into a file of records since some time.
public struct RecordChanges: Sendable {
    /// How far they go; the next changes are asked for with these.
    public let marks: RecordMarks

    /// The runs that were written to; all of them where one was removed.
    ///
    /// They lack the recipes' texts.
    public let runs: [RecordedRun]

    /// The numbers of all runs.
    public let numbers: [Int64]

    /// New points in the order in which they were written.
    public let points: [RecordedPoint]

    /// Which curves the points are of, by their numbers.
    public let series: [Int64: SeriesKey]

    /// Whether there are more than the limit let through.
    public let hasMore: Bool
}

extension RecordStore {
    /// How far the file is written: a reader that asks often sees by it whether anything changed.
    ///
    /// - Throws: `RecordError`.
    public func marks() throws(RecordError) -> RecordMarks {
        try read { db in try Self.marks(db) }
    }

    /// What was written since some time, all of one moment.
    ///
    /// - Parameters:
    ///   - marks: those of the changes before; `.none` for everything.
    ///   - known: the numbers of the runs that the reader has.
    ///   - limit: how many points at most.
    /// - Returns: the changes.
    /// - Throws: `RecordError`.
    public func changes(
        after marks: RecordMarks, known: Set<Int64>, limit: Int
    ) throws(RecordError) -> RecordChanges {
        try read { db in
            var now = try Self.marks(db)
            let numbers = try Int64.fetchAll(db, sql: "SELECT id FROM run ORDER BY id")
            // A removed run lowers the newest version, so that it says nothing of the other runs.
            let hasLost = !known.subtracting(numbers).isEmpty
            let runs = try Self.runs(after: hasLost ? nil : marks.version, db)
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT id, series, step, value FROM point WHERE id > ? ORDER BY id LIMIT ?",
                arguments: [marks.point, limit])
            var points: [RecordedPoint] = []
            var newest = marks.point
            while let row = try rows.next() {
                newest = row[0]
                points.append(RecordedPoint(series: row[1], step: row[2], value: row[3]))
            }
            let hasMore = points.count == limit && newest < now.point
            if hasMore { now.point = newest }
            return RecordChanges(
                marks: now, runs: runs, numbers: numbers, points: points,
                series: try Self.keys(of: Set(points.map(\.series)), db), hasMore: hasMore)
        }
    }

    /// All points of a curve.
    ///
    /// - Parameter number: the curve's, as in `RecordedPoint`.
    /// - Returns: them in the order of their steps.
    /// - Throws: `RecordError`.
    public func points(ofSeries number: Int64) throws(RecordError) -> [RecordedPoint] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT step, value FROM point WHERE series = ? ORDER BY step",
                arguments: [number]
            ).map { RecordedPoint(series: number, step: $0[0], value: $0[1]) }
        }
    }

    /// The scores of a run on the test set, read without its other curves.
    ///
    /// - Parameters:
    ///   - id: the run's number.
    ///   - name: the score that counts.
    /// - Returns: them; nil where a curve is missing.
    /// - Throws: `RecordError`.
    public func scores(of id: Int64, named name: String) throws(RecordError) -> RunScores {
        let series = try read { db in
            try ["test/\(name)", "validation/\(name)"].map { name in
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT step, value FROM point
                            JOIN series ON series.id = point.series
                        WHERE series.run = ? AND series.name = ? ORDER BY step
                        """, arguments: [id, name])
                return RunSeries(name: name, steps: rows.map { $0[0] }, values: rows.map { $0[1] })
            }
        }
        return RunScores(series, named: name)
    }

    private static func marks(_ db: Database) throws -> RecordMarks {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT (SELECT MAX(version) FROM run), (SELECT MAX(id) FROM point),
                    (SELECT COUNT(*) FROM run), (SELECT MAX(id) FROM run)
                """)
        guard let row else { return .none }
        return RecordMarks(
            version: row[0] ?? -1, point: row[1] ?? -1, count: row[2], newestRun: row[3] ?? -1)
    }

    private static func keys(
        of numbers: Set<Int64>, _ db: Database
    ) throws -> [Int64: SeriesKey] {
        let list = "[" + numbers.map(String.init).joined(separator: ",") + "]"
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT id, run, name FROM series WHERE id IN (SELECT value FROM json_each(?))",
            arguments: [list])
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0[0], SeriesKey(run: $0[1], name: $0[2])) })
    }
}
