import Foundation
import GRDB

/// A file of run records: SQLite with a write-ahead log, so that several processes write while others read.
public final class RecordStore: Sendable {
    /// Whether a store is written to.
    public enum Access: Sendable {
        /// It is made where it is missing.
        case write

        /// It must be there.
        case read
    }

    /// The file.
    public let path: String

    let database: DatabasePool

    /// Opens a file of records.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - access: whether it is written to.
    /// - Throws: `RecordError`.
    public init(path: String, access: Access) throws(RecordError) {
        self.path = path
        if access == .read, !FileManager.default.fileExists(atPath: path) {
            throw .missing(path: path)
        }
        var configuration = Configuration()
        // Writers of other processes are waited for; GRDB would give up at once.
        configuration.busyMode = .timeout(30)
        configuration.readonly = access == .read
        do {
            database = try DatabasePool(path: path, configuration: configuration)
            try Self.requireOwn(database, path)
            if access == .write { try Self.migrate(database) }
        } catch let error as RecordError {
            throw error
        } catch {
            throw Self.recordError(error, path)
        }
    }

    private static func migrate(_ database: DatabasePool) throws {
        do {
            try RecordSchema.migrator.migrate(database)
        } catch {
            // Of several processes that make the file at once all but one find its tables made meanwhile.
            guard try database.read(RecordSchema.migrator.hasCompletedMigrations) else {
                throw error
            }
        }
    }

    private static func requireOwn(_ database: DatabasePool, _ path: String) throws {
        let (id, tables, isLater) = try database.read { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
                // The table of migrations comes before all else, when another process makes the file just now.
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT COUNT(*) FROM sqlite_master
                        WHERE tbl_name <> 'grdb_migrations' AND name NOT LIKE 'sqlite_%'
                        """) ?? 0,
                try RecordSchema.migrator.hasBeenSuperseded(db)
            )
        }
        let isEmpty = id == 0 && tables == 0
        if isEmpty, database.configuration.readonly { throw RecordError.missing(path: path) }
        guard isEmpty || id == RecordSchema.applicationID else {
            throw RecordError.foreign(path: path)
        }
        guard !isLater else { throw RecordError.later(path: path) }
    }

    static func recordError(_ error: any Error, _ path: String) -> RecordError {
        guard let error = error as? DatabaseError else {
            return .unusable(path: path, reason: "\(error)")
        }
        switch error.resultCode {
        case .SQLITE_NOTADB: return .foreign(path: path)
        case .SQLITE_READONLY:
            return .unusable(path: path, reason: "it, or its folder, is not writable for this user")
        case .SQLITE_CANTOPEN:
            return .unusable(path: path, reason: "it cannot be opened; its folder must be there")
        case .SQLITE_FULL: return .unusable(path: path, reason: "the disk is full")
        default: return .unusable(path: path, reason: error.message ?? "\(error)")
        }
    }

    /// Runs a read, with errors as `RecordError`.
    func read<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) throws(RecordError) -> Value {
        do {
            return try database.read(body)
        } catch let error as RecordError {
            throw error
        } catch {
            throw Self.recordError(error, path)
        }
    }

    /// Runs a transaction that writes, with errors as `RecordError`.
    func write<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) throws(RecordError) -> Value {
        do {
            return try database.write(body)
        } catch let error as RecordError {
            throw error
        } catch {
            throw Self.recordError(error, path)
        }
    }
}
