import Yams

/// The text of a recipe and the overrides laid over it.
///
/// Override *k* is parsed as if it stood *k* lines below the end of the file, so that the line number
/// which Yams gives every node tells file and overrides apart.
package struct RecipeSource {
    let file: String
    let text: String
    let overrides: [String]

    /// A text with its overrides.
    ///
    /// - Parameters:
    ///   - file: the name of the text's origin, for errors.
    ///   - text: the YAML.
    ///   - overrides: texts `key.path=value`.
    package init(file: String, text: String, overrides: [String]) {
        self.file = file
        self.text = text
        self.overrides = overrides
    }

    // Every line break that YAML knows counts, a lone carriage return too.
    private var lineCount: Int { text.count(where: \.isNewline) + 1 }

    /// Parses the file and applies the overrides in order.
    ///
    /// - Returns: The whole recipe.
    /// - Throws: `RecipeError` when the file or an override is malformed.
    package func root() throws -> RecipeField {
        var node = try parsed()
        for (index, override) in overrides.enumerated() {
            guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
                throw RecipeError.invalidOverride(override, problem: "expected key.path=value")
            }
            let keys = override[..<equals].split(separator: ".", omittingEmptySubsequences: false)
            let text = String(override[override.index(after: equals)...])
            let value = try value(of: text, line: lineCount + index, override: override)
            node = try replace(keys.map(String.init)[...], of: node, with: value, for: override)
        }
        return RecipeField(node: node, path: [], source: self)
    }

    /// Where a node was written.
    func location(of node: Node) -> RecipeError.Location {
        let line = node.mark?.line ?? 1
        guard line > lineCount else { return .file(file, line: line) }
        return .override(overrides[line - lineCount - 1])
    }

    private func parsed() throws -> Node {
        let error: RecipeError
        do {
            if let node = try compose(yaml: text) { return node }
            error = .syntax(.file(file, line: 1), problem: "the file is empty")
        } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
            error = .duplicateKey(.file(file, line: context.mark.line), key: duplicates[0])
        } catch let failure as YamlError {
            error = syntaxError(of: failure)
        }
        throw error
    }

    /// What libyaml found, or what it stumbled over where that says more.
    private func syntaxError(of failure: YamlError) -> RecipeError {
        let line = line(of: failure)
        if case .composer(_, "but found another document", _, _) = failure {
            return .severalDocuments(.file(file, line: line))
        }
        guard !problem(of: failure).contains("tab character") else {
            return .tab(.file(file, line: line), isIndentation: true)
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        // A tab may end the line before the one where libyaml gives up.
        for index in [line - 1, line - 2] where lines.indices.contains(index) {
            let words = lines[index].drop(while: \.isWhitespace)
            guard let first = words.first, first != "#" else { continue }
            let place = RecipeError.Location.file(file, line: index + 1)
            if lines[index].prefix(while: \.isWhitespace).contains("\t") {
                return .tab(place, isIndentation: true)
            }
            if words.contains(/[:?,-]\t/) { return .tab(place, isIndentation: false) }
        }
        return .syntax(.file(file, line: line), problem: problem(of: failure))
    }

    /// A mapping with what its merge keys `<<` bring in; its own keys win, then those of earlier mappings.
    ///
    /// - Parameter mapping: as it was written.
    /// - Returns: the same without merge keys.
    /// - Throws: `RecipeError` where `<<` is followed by something else than mappings.
    func merged(_ mapping: Node.Mapping) throws -> Node.Mapping {
        func isMerge(_ key: Node) -> Bool { key.tag.rawValue == Tag.Name.merge.rawValue }
        guard mapping.contains(where: { isMerge($0.key) }) else { return mapping }
        var result = mapping
        for (key, value) in mapping where isMerge(key) {
            result[key] = nil
            let parts = value.sequence.map(Array.init) ?? [value]
            for part in parts {
                guard case .mapping(let other) = part else {
                    throw RecipeError.invalidValue(
                        location(of: value), key: "<<",
                        expected:
                            "a section, or a list of them, as *NAME of a section marked with &NAME",
                        found: RecipeField(node: part, path: [], source: self).found, nearest: nil)
                }
                for (name, field) in try merged(other) where result[name] == nil {
                    result[name] = field
                }
            }
        }
        return result
    }

    private func value(of text: String, line: Int, override: String) throws -> Node {
        guard !text.contains(where: \.isNewline) else {
            throw RecipeError.invalidOverride(override, problem: "expected a value on one line")
        }
        do {
            let indented = String(repeating: "\n", count: line) + text
            if let node = try compose(yaml: indented) { return node }
        } catch let failure as YamlError {
            throw RecipeError.invalidOverride(
                override, problem: "expected a YAML value, found an error: \(problem(of: failure))")
        }
        throw RecipeError.invalidOverride(
            override, problem: "expected a value after \"=\" (null removes the key)")
    }

    private func replace(
        _ path: ArraySlice<String>, of node: Node?, with value: Node, for override: String
    ) throws -> Node {
        guard let key = path.first else { return value }
        switch node {
        case .mapping(let given):
            var mapping = try merged(given)
            let name = Node.scalar(.init(key, .implicit, .any, value.mark))
            mapping[name] = try replace(
                path.dropFirst(), of: mapping[name], with: value, for: override)
            return .mapping(mapping)
        case .sequence(var list):
            guard let index = Int(key), list.indices.contains(index) else {
                throw RecipeError.invalidOverride(
                    override,
                    problem: "expected an index below \(list.count) in a list, found \"\(key)\"")
            }
            list[index] = try replace(
                path.dropFirst(), of: list[index], with: value, for: override)
            return .sequence(list)
        case .scalar(let scalar) where !RecipeField.isNull(.scalar(scalar)):
            throw RecipeError.invalidOverride(
                override, problem: "\"\(scalar.string)\" is a single value and has no \"\(key)\"")
        default:
            return try replace(
                path, of: .mapping(.init([], .implicit, .any, value.mark)), with: value,
                for: override)
        }
    }

    private func line(of error: YamlError) -> Int {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            mark.line
        case .reader(_, let offset?, _, let yaml):
            yaml.prefix(offset).count(where: \.isNewline) + 1
        default: 1
        }
    }

    private func problem(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
            .composer(_, let problem, _, _), .reader(let problem, _, _, _):
            problem
        default: "\(error)"
        }
    }
}
