import Yams

/// A value of a recipe with its key path and origin.
package struct RecipeField {
    let node: Node
    let path: [String]
    let source: RecipeSource

    package var key: String { path.joined(separator: ".") }
    package var location: RecipeError.Location { source.location(of: node) }
    var tag: Tag.Name { Tag.Name(rawValue: node.tag.rawValue) }

    /// What stands there, in words for an error.
    package var found: String {
        switch node {
        case .mapping: "a section"
        case .sequence(let list): "a list of \(list.count)"
        case .scalar where Self.isNull(node): "nothing"
        case .scalar(let scalar) where tag != .str: scalar.string
        case .scalar(let scalar): "\"\(scalar.string)\""
        case .alias: "an alias"
        }
    }

    /// Whether a node is YAML's null, which in a recipe means an absent key.
    static func isNull(_ node: Node) -> Bool {
        node.scalar != nil && node.tag.rawValue == Tag.Name.null.rawValue
    }

    /// The text of a single value; nil for a list or a section.
    package var scalar: String? { node.scalar?.string }

    /// The values of a list; nil for anything else.
    package var elements: [RecipeField]? {
        guard case .sequence(let list) = node else { return nil }
        return list.enumerated().map { child("\($0)", $1) }
    }

    func child(_ key: String, _ node: Node) -> RecipeField {
        RecipeField(node: node, path: path + [key], source: source)
    }

    package func read<Value>(_ rule: RecipeRule<Value>) throws -> Value {
        if let value = try rule.read(self) { return value }
        let nearest = scalar.flatMap { rule.nearest($0) }
        throw RecipeError.invalidValue(
            location, key: key, expected: rule.expected, found: found, nearest: nearest)
    }
}

/// A mapping of a recipe that has no other keys than those that are known.
package struct RecipeSection {
    package let field: RecipeField

    /// The keys that it may have, in the order in which an error lists them.
    let known: [String]
    private var fields: [String: RecipeField] = [:]

    package init(_ field: RecipeField, known: [String]) throws {
        self.field = field
        self.known = known
        guard case .mapping(let mapping) = field.node else {
            throw RecipeError.invalidValue(
                field.location, key: field.path.isEmpty ? "recipe" : field.key,
                expected: "a section with the keys \(known.joined(separator: ", "))",
                found: field.found, nearest: nil)
        }
        for (keyNode, value) in try field.source.merged(mapping) {
            let name = keyNode.scalar?.string ?? "?"
            let child = field.child(name, value)
            guard known.contains(name) else {
                throw RecipeError.unknownKey(
                    field.source.location(of: keyNode), key: child.key, known: known)
            }
            fields[name] = child
        }
    }

    /// The value of a key, or `nil` where it is absent or null.
    package subscript(key: String) -> RecipeField? {
        fields[key].flatMap { RecipeField.isNull($0.node) ? nil : $0 }
    }

    package func optional<Value>(_ key: String, _ rule: RecipeRule<Value>) throws -> Value? {
        try self[key]?.read(rule)
    }

    package func required<Value>(_ key: String, _ rule: RecipeRule<Value>) throws -> Value {
        guard let field = fields[key] else {
            throw RecipeError.missingKey(
                field.location, key: path(to: key), expected: rule.expected)
        }
        return try field.read(rule)
    }

    /// Refuses keys that would be ignored because of another key's value.
    ///
    /// - Parameters:
    ///   - keys: The keys that have a meaning.
    ///   - reason: What makes the others meaningless.
    /// - Throws: `RecipeError.unused` at the first other key.
    package func allow(_ keys: [String], when reason: String) throws {
        for key in known where !keys.contains(key) && self[key] != nil {
            throw unused(key, when: reason)
        }
    }

    /// The error for a key that would be ignored.
    package func unused(_ key: String, when reason: String) -> RecipeError {
        .unused(location(of: key), key: path(to: key), reason: reason)
    }

    package func contradiction(_ key: String, _ problem: String) -> RecipeError {
        .contradiction(location(of: key), key: path(to: key), problem: problem)
    }

    /// Where a key was written, or the section that lacks it.
    package func location(of key: String) -> RecipeError.Location {
        (fields[key] ?? field).location
    }

    package func path(to key: String) -> String {
        (field.path + [key]).joined(separator: ".")
    }
}
