/// One key of a section: how it is read into settings, written from them, and described.
package struct RecipeKey<Settings>: Sendable {
    /// The key in its section.
    let name: String

    /// Puts the key's value into settings; a key that may be left out leaves them as they began.
    package let read: @Sendable (RecipeSection, inout Settings) throws -> Void

    /// What a resolved recipe writes: one value, a section's values, or nothing.
    let entries: @Sendable (Settings) -> [RecipeEntry]

    /// What the page of keys says of it, for the settings that a section begins with.
    let rows: @Sendable (Settings) -> [KeyRow]

    /// A key of its own kind.
    package init(
        name: String, read: @escaping @Sendable (RecipeSection, inout Settings) throws -> Void,
        entries: @escaping @Sendable (Settings) -> [RecipeEntry],
        rows: @escaping @Sendable (Settings) -> [KeyRow]
    ) {
        self.name = name
        self.read = read
        self.entries = entries
        self.rows = rows
    }
}

/// A value of a resolved recipe with its path.
package struct RecipeEntry: Equatable {
    package let path: String
    package let value: String

    /// A value at a path.
    package init(path: String, value: String) {
        self.path = path
        self.value = value
    }

    /// The same within a section.
    package func within(_ section: String) -> RecipeEntry {
        RecipeEntry(path: "\(section).\(path)", value: value)
    }
}

/// A line of a page of keys.
package struct KeyRow {
    /// The key with the sections around it.
    package let path: String

    /// What its value must be.
    package let expected: String

    /// What stands for a key that is left out; nil where it must not be.
    package let standard: String?

    /// What it decides.
    package let meaning: String

    /// A line about one key.
    package init(path: String, expected: String, standard: String?, meaning: String) {
        self.path = path
        self.expected = expected
        self.standard = standard
        self.meaning = meaning
    }

    /// The same within a section.
    package func within(_ section: String) -> KeyRow {
        KeyRow(
            path: "\(section).\(path)", expected: expected, standard: standard, meaning: meaning)
    }
}

/// A path to a value that threads may share.
package typealias Path<Settings, Value> = WritableKeyPath<Settings, Value> & Sendable

extension RecipeKey {
    /// A key that must be there.
    package static func required<Value>(
        _ name: String, _ path: Path<Settings, Value>, _ rule: RecipeRule<Value>, _ meaning: String
    ) -> Self {
        Self(
            name: name,
            read: { $1[keyPath: path] = try $0.required(name, rule) },
            entries: { [RecipeEntry(path: name, value: rule.text($0[keyPath: path]))] },
            rows: { _ in
                [KeyRow(path: name, expected: rule.expected, standard: nil, meaning: meaning)]
            })
    }

    /// A key that may be left out; the settings then keep what they began with.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - path: where its value is kept.
    ///   - rule: what it must be.
    ///   - standard: the default in words, where it is not the same for all recipes.
    ///   - meaning: one sentence.
    /// - Returns: the key.
    package static func optional<Value>(
        _ name: String, _ path: Path<Settings, Value>, _ rule: RecipeRule<Value>,
        standard: String? = nil, _ meaning: String
    ) -> Self {
        Self(
            name: name,
            read: { section, settings in
                if let value = try section.optional(name, rule) { settings[keyPath: path] = value }
            },
            entries: { [RecipeEntry(path: name, value: rule.text($0[keyPath: path]))] },
            rows: { blank in
                [
                    KeyRow(
                        path: name, expected: rule.expected,
                        standard: standard ?? "`\(rule.text(blank[keyPath: path]))`",
                        meaning: meaning)
                ]
            })
    }

    /// A key that may be left out, and that a resolved recipe writes only where it differs from its default.
    ///
    /// So recipes that were resolved before there was such a key keep their text and their digest.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - path: where its value is kept.
    ///   - rule: what it must be.
    ///   - unwritten: the default.
    ///   - meaning: one sentence.
    /// - Returns: the key.
    package static func optional<Value: Equatable & Sendable>(
        _ name: String, _ path: Path<Settings, Value>, _ rule: RecipeRule<Value>,
        unwritten: Value, _ meaning: String
    ) -> Self {
        let written = optional(name, path, rule, meaning)
        return Self(
            name: name, read: written.read,
            entries: { $0[keyPath: path] == unwritten ? [] : written.entries($0) },
            rows: written.rows)
    }

    /// A key without which there is no value.
    package static func optional<Value>(
        _ name: String, _ path: Path<Settings, Value?>, _ rule: RecipeRule<Value>,
        standard: String, _ meaning: String
    ) -> Self {
        Self(
            name: name,
            read: { $1[keyPath: path] = try $0.optional(name, rule) },
            entries: { settings in
                settings[keyPath: path].map {
                    [RecipeEntry(path: name, value: rule.text($0))]
                } ?? []
            },
            rows: { _ in
                [KeyRow(path: name, expected: rule.expected, standard: standard, meaning: meaning)]
            })
    }

    /// A section of its own.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - path: where its settings are kept.
    ///   - isRequired: whether it must be there.
    ///   - table: its keys.
    /// - Returns: the key.
    package static func section<Part>(
        _ name: String, _ path: Path<Settings, Part>, isRequired: Bool = true,
        _ table: RecipeTable<Part>
    ) -> Self {
        let rule = RecipeRule.section { try table.read($0) }
        return Self(
            name: name,
            read: { section, settings in
                if isRequired {
                    settings[keyPath: path] = try section.required(name, rule)
                } else if let part = try section.optional(name, rule) {
                    settings[keyPath: path] = part
                }
            },
            entries: { table.entries(of: $0[keyPath: path]).map { $0.within(name) } },
            rows: { _ in table.rows.map { $0.within(name) } })
    }

    /// A section that may be missing, with defaults that depend on what was read before.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - path: where its settings are kept.
    ///   - table: its keys.
    ///   - begin: what its settings begin with.
    /// - Returns: the key.
    package static func section<Part>(
        _ name: String, _ path: Path<Settings, Part?>, _ table: RecipeTable<Part>,
        from begin: @escaping @Sendable (Settings) -> Part
    ) -> Self {
        Self(
            name: name,
            read: { section, settings in
                let blank = begin(settings)
                settings[keyPath: path] = try section.optional(
                    name, .section { try table.read($0, from: blank) })
            },
            entries: { settings in
                settings[keyPath: path].map(table.entries)?.map { $0.within(name) } ?? []
            },
            rows: { _ in table.rows.map { $0.within(name) } })
    }

    /// A section of which another key's value decides the keys.
    package static func section<Part>(
        _ name: String, _ path: Path<Settings, Part>, _ cases: RecipeCases<Part>
    ) -> Self {
        Self(
            name: name,
            read: { $1[keyPath: path] = try $0.required(name, .section(read: cases.read)) },
            entries: { cases.entries(of: $0[keyPath: path]).map { $0.within(name) } },
            rows: { _ in cases.rows.map { $0.within(name) } })
    }

    /// The same key, which only some settings have.
    ///
    /// - Parameters:
    ///   - condition: whether what was read before lets it be there.
    ///   - reason: what makes it meaningless elsewhere.
    /// - Returns: the key.
    package func only(
        where condition: @escaping @Sendable (Settings) -> Bool,
        otherwise reason: @escaping @Sendable (Settings) -> String
    ) -> Self {
        Self(
            name: name,
            read: { section, settings in
                guard condition(settings) else {
                    if section[name] != nil { throw section.unused(name, when: reason(settings)) }
                    return
                }
                try read(section, &settings)
            },
            entries: { condition($0) ? entries($0) : [] }, rows: rows)
    }
}
