/// What tells the name of a recipe's file from that of a shipped one.
package enum RecipeFileName {
    /// The name without the ending of a file; nil where it has none.
    package static func stem(of name: String) -> String? {
        [".yaml", ".yml"].first { name.lowercased().hasSuffix($0) }
            .map { String(name.dropLast($0.count)) }
    }

    /// Whether a name can be that of a file alone.
    static func isOne(_ name: String) -> Bool {
        stem(of: name) != nil || ["/", "./", "../", "~"].contains { name.hasPrefix($0) }
    }
}
