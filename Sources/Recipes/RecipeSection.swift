import VisionModels
import Yams

/// A value of a recipe with its key path and origin.
struct RecipeField {
    let node: Node
    let path: [String]
    let source: RecipeSource

    var key: String { path.joined(separator: ".") }
    var location: RecipeError.Location { source.location(of: node) }
    var tag: Tag.Name { Tag.Name(rawValue: node.tag.rawValue) }

    /// What stands there, in words for an error.
    var found: String {
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

    /// What to do with a key that must not be there, in a file or in a recipe that cannot be edited.
    static func removal(of path: String) -> String { "remove it, or give --set \(path)=null" }

    func child(_ key: String, _ node: Node) -> RecipeField {
        RecipeField(node: node, path: path + [key], source: source)
    }

    func read<Value>(_ rule: RecipeRule<Value>) throws -> Value {
        if let value = try rule.read(self) { return value }
        let nearest = node.scalar.flatMap { rule.nearest($0.string) }
        throw RecipeError.invalidValue(
            location, key: key, expected: rule.expected, found: found, nearest: nearest)
    }
}

/// A mapping of a recipe that has no other keys than the cases of `Key`.
struct RecipeSection<Key: RawRepresentable<String> & CaseIterable & Hashable> {
    let field: RecipeField
    private var fields: [Key: RecipeField] = [:]

    init(_ field: RecipeField, keys: Key.Type = Key.self) throws {
        self.field = field
        let known = Key.allCases.map(\.rawValue)
        guard case .mapping(let mapping) = field.node else {
            throw RecipeError.invalidValue(
                field.location, key: field.path.isEmpty ? "recipe" : field.key,
                expected: "a section with the keys \(known.joined(separator: ", "))",
                found: field.found, nearest: nil)
        }
        for (keyNode, value) in try field.source.merged(mapping) {
            let name = keyNode.scalar?.string ?? "?"
            let child = field.child(name, value)
            guard let key = Key(rawValue: name) else {
                throw RecipeError.unknownKey(
                    field.source.location(of: keyNode), key: child.key, known: known)
            }
            fields[key] = child
        }
    }

    /// The value of a key, or `nil` where it is absent or null.
    subscript(key: Key) -> RecipeField? {
        fields[key].flatMap { RecipeField.isNull($0.node) ? nil : $0 }
    }

    func optional<Value>(_ key: Key, _ rule: RecipeRule<Value>) throws -> Value? {
        try self[key]?.read(rule)
    }

    func required<Value>(_ key: Key, _ rule: RecipeRule<Value>) throws -> Value {
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
    /// - Throws: `RecipeError.contradiction` at the first other key.
    func allow(_ keys: Key..., when reason: String) throws {
        for key in Key.allCases where !keys.contains(key) {
            guard self[key] != nil else { continue }
            throw contradiction(
                key, "is not used when \(reason); \(RecipeField.removal(of: path(to: key)))")
        }
    }

    func contradiction(_ key: Key, _ problem: String) -> RecipeError {
        .contradiction((fields[key] ?? field).location, key: path(to: key), problem: problem)
    }

    func path(to key: Key) -> String {
        (field.path + [key.rawValue]).joined(separator: ".")
    }
}
