import GRDB

/// The tables of a file of records.
///
/// - `run`: one row for each folder, with what is fixed, the state and the place.
/// - `setting`: the recipe's values by key.
/// - `point`: the numbers of the curves; `id` grows with every write, so that a reader asks for what is new.
/// - `artefact`: the files that a run leaves.
/// - `result`: the line of a study's `results.jsonl`, as JSON.
enum RecordSchema {
    /// What SQLite's `application_id` says of our files: the letters `RvKD`.
    static let applicationID = 0x5276_4B44

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: first)
        }
        return migrator
    }

    private static let first = """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            folder TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            command TEXT NOT NULL,
            recipe TEXT NOT NULL,
            recipe_text TEXT NOT NULL,
            seed_group TEXT NOT NULL,
            method TEXT NOT NULL,
            seed INTEGER NOT NULL,
            epochs INTEGER NOT NULL,
            steps INTEGER,
            revision TEXT,
            libtorch TEXT,
            device TEXT,
            processor TEXT,
            kernels TEXT,
            score_name TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT,
            host TEXT,
            process INTEGER,
            process_start TEXT,
            epoch INTEGER NOT NULL DEFAULT 0,
            step INTEGER NOT NULL DEFAULT 0,
            images_per_second REAL,
            seconds_left REAL,
            score REAL,
            begun REAL NOT NULL,
            updated REAL NOT NULL,
            version INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX run_version ON run(version);
        CREATE TABLE setting (
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (run, key)
        ) WITHOUT ROWID;
        CREATE TABLE series (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            UNIQUE (run, name)
        );
        CREATE TABLE point (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            series INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            value REAL,
            UNIQUE (series, step)
        );
        CREATE TABLE artefact (
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            PRIMARY KEY (run, path)
        ) WITHOUT ROWID;
        CREATE TABLE result (
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            place INTEGER NOT NULL,
            line TEXT NOT NULL,
            PRIMARY KEY (run, place)
        ) WITHOUT ROWID;
        """
}
