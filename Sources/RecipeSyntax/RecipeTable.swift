/// The keys of one settings type: one table that reads, writes, compares and describes them.
package struct RecipeTable<Settings: Sendable>: Sendable {
    /// What reading begins with: the defaults, and something in the places of keys that must be there.
    package let blank: Settings

    /// The keys in the order in which they are read and written.
    let keys: [RecipeKey<Settings>]

    /// Refuses values that contradict each other.
    let check: @Sendable (RecipeSection, Settings) throws -> Void

    /// A table of keys.
    package init(
        blank: Settings, keys: [RecipeKey<Settings>],
        check: @escaping @Sendable (RecipeSection, Settings) throws -> Void = { _, _ in }
    ) {
        self.blank = blank
        self.keys = keys
        self.check = check
    }

    /// The names of the keys.
    package var names: [String] { keys.map(\.name) }

    /// Reads a section that has no other keys.
    ///
    /// - Parameters:
    ///   - field: the section.
    ///   - settings: what to begin with; `blank` where nothing is given.
    /// - Returns: the settings.
    /// - Throws: `RecipeError` at the first value that is not valid.
    package func read(_ field: RecipeField, from settings: Settings? = nil) throws -> Settings {
        try read(RecipeSection(field, known: names), from: settings)
    }

    /// Reads the table's keys of a section that may have others.
    package func read(_ section: RecipeSection, from settings: Settings? = nil) throws -> Settings {
        var settings = settings ?? blank
        for key in keys { try key.read(section, &settings) }
        try check(section, settings)
        return settings
    }

    /// The values that a resolved recipe writes.
    package func entries(of settings: Settings) -> [RecipeEntry] {
        keys.flatMap { $0.entries(settings) }
    }

    /// What the page of keys says.
    package var rows: [KeyRow] { keys.flatMap { $0.rows(blank) } }
}

extension RecipeRule where Value: Sendable {
    /// A section that a resolved recipe writes in one line.
    package static func flow(_ table: RecipeTable<Value>) -> Self {
        Self(expected: "a section", read: { try table.read($0) }) {
            table.flow($0)
        }
    }
}

extension RecipeTable {
    /// The values in one line, `{a: 1, b: 2}`.
    package func flow(_ settings: Settings) -> String {
        let parts = entries(of: settings).map { "\($0.path): \($0.value)" }
        return "{\(parts.joined(separator: ", "))}"
    }
}

/// The keys of a section whose `name` decides which of the others it has.
package struct RecipeCases<Whole: Sendable>: Sendable {
    /// One name with its keys.
    package struct Case: Sendable {
        let name: String
        let keys: [String]
        let read: @Sendable (RecipeSection) throws -> Whole

        /// The values to write; nil where the settings are another case.
        let entries: @Sendable (Whole) -> [RecipeEntry]?
        let rows: [KeyRow]

        /// A name with a table.
        package init<Part>(
            _ name: String, _ table: RecipeTable<Part>, make: @escaping @Sendable (Part) -> Whole,
            part: @escaping @Sendable (Whole) -> Part?
        ) {
            self.name = name
            keys = table.names
            read = { make(try table.read($0)) }
            entries = { part($0).map(table.entries) }
            rows = table.rows
        }

        /// A name without further keys.
        package init(_ name: String, _ whole: Whole) where Whole: Equatable {
            self.name = name
            keys = []
            read = { _ in whole }
            entries = { $0 == whole ? [] : nil }
            rows = []
        }
    }

    /// What the page of keys says of `name`.
    let meaning: String
    let cases: [Case]

    /// A section of some cases.
    package init(meaning: String, cases: [Case]) {
        self.meaning = meaning
        self.cases = cases
    }

    private var rule: RecipeRule<Case> {
        .choice(of: cases.map { ($0.name, $0) }, text: \.name)
    }

    /// Reads a section; a key of another case is refused.
    func read(_ field: RecipeField) throws -> Whole {
        var known = ["name"]
        for key in cases.flatMap(\.keys) where !known.contains(key) { known.append(key) }
        let section = try RecipeSection(field, known: known)
        let chosen = try section.required("name", rule)
        try section.allow(
            ["name"] + chosen.keys, when: "\(section.path(to: "name")) is \(chosen.name)")
        return try chosen.read(section)
    }

    /// The values that a resolved recipe writes.
    package func entries(of whole: Whole) -> [RecipeEntry] {
        cases.lazy.compactMap { one in
            one.entries(whole).map { [RecipeEntry(path: "name", value: one.name)] + $0 }
        }.first ?? []
    }

    /// What the page of keys says.
    package var rows: [KeyRow] {
        [KeyRow(path: "name", expected: rule.expected, standard: nil, meaning: meaning)]
            + cases.flatMap { one in
                one.rows.map {
                    KeyRow(
                        path: $0.path, expected: $0.expected, standard: $0.standard,
                        meaning: "With `\(one.name)`: \($0.meaning)")
                }
            }
    }
}
