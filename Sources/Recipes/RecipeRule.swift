import Basics
import VisionModels
import Yams

/// What a value must be, how it is read, and how it is written.
struct RecipeRule<Value>: Sendable {
    let expected: String
    /// The text that was probably meant by one that cannot be read.
    var nearest: @Sendable (String) -> String? = { _ in nil }
    /// Returns `nil` when the value is not what is expected.
    let read: @Sendable (RecipeField) throws -> Value?
    /// The value as YAML in one line.
    var text: @Sendable (Value) -> String = { "\($0)" }
}

extension RecipeRule {
    /// A section, read by its own initializer.
    static func section(
        _ expected: String = "a section", read: @escaping @Sendable (RecipeField) throws -> Value
    ) -> Self {
        Self(expected: expected, read: read)
    }

    /// A list whose elements all obey one rule.
    static func list<Element>(of element: RecipeRule<Element>, count: Int? = nil) -> Self
    where Value == [Element] {
        let size = count.map { "\($0) values" } ?? "values"
        return Self(
            expected: "a list of \(size), each \(element.expected)",
            read: { field in
                guard case .sequence(let list) = field.node, !list.isEmpty else { return nil }
                guard count == nil || count == list.count else { return nil }
                return try list.enumerated().map { try field.child("\($0)", $1).read(element) }
            },
            text: { "[\($0.map(element.text).joined(separator: ", "))]" })
    }
}

extension RecipeRule where Value == String {
    static let text = Self(
        expected: "text",
        read: {
            guard let text = $0.node.scalar?.string, $0.tag == .str else { return nil }
            return text.isEmpty ? nil : text
        }, text: \.yaml)

    static let name = Self(
        expected: "a name of letters, digits and . _ - between single slashes",
        read: {
            guard let name = try Self.text.read($0) else { return nil }
            return Recipe.isName(name) ? name : nil
        }, text: \.yaml)

    private static let models = Architecture.all.map(\.name)

    /// The name of a model in its own letter case.
    static let model = Self(
        expected: "one of \(models.joined(separator: ", "))",
        nearest: { Architecture.nearestName(to: $0) },
        read: { field in
            field.node.scalar.flatMap { try? Architecture(named: $0.string).name }
        }, text: \.yaml)
}

extension Recipe {
    /// Whether a recipe may have this name, with letters of any script.
    package static func isName(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !["", ".", ".."].contains(part)
                && part.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
        }
    }
}

extension RecipeRule where Value == Bool {
    /// As YAML 1.1 writes it, which PyYAML reads.
    static let flag = Self(expected: "true or false") {
        guard let text = $0.node.scalar?.string, $0.tag == .bool else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }
}

extension RecipeField {
    /// The text of a number, without the low lines that YAML 1.1 allows between digits, as in 50_000.
    fileprivate var digits: String? {
        guard let text = node.scalar?.string else { return nil }
        let isPlain = text.wholeMatch(of: /[^_]+|[-+]?\d+(_\d+)+([.]\d*)?/) != nil
        return isPlain ? text.filter { $0 != "_" } : nil
    }
}

extension RecipeRule where Value == Int {
    /// A whole number that products with numbers of images cannot carry beyond the range of `Int`.
    static func integer(atLeast minimum: Int, atMost maximum: Int = Recipe.largestNumber) -> Self {
        Self(expected: "a whole number of at least \(minimum)") { field in
            guard let text = field.digits, field.tag == .int else { return nil }
            let isPlain = text.first != "0" && text.allSatisfy { ("0"..."9").contains($0) }
            // Only a plain number of more digits than `Int` has is none and yet whole.
            let value = Int(text) ?? (isPlain ? .max : nil)
            if let value, value > maximum || (value == .max && Int(text) == nil) {
                throw RecipeError.invalidValue(
                    field.location, key: field.key,
                    expected: "a whole number from \(minimum) to \(maximum)", found: field.found,
                    nearest: nil)
            }
            // Yams would read 010 as 8, a trap for everyone who does not expect octal numbers.
            guard let value, String(value) == text else { return nil }
            return value >= minimum ? value : nil
        }
    }
}

extension RecipeRule where Value == Double {
    static let finite = number("a number") { _ in true }
    static let positive = number("a number above 0") { $0 > 0 }
    static let nonNegative = number("a number of at least 0") { $0 >= 0 }
    static let fraction = number("a number from 0 to 1") { (0...1).contains($0) }
    static let positiveFraction = number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
    static let properFraction = number("a number from 0 up to but not including 1") {
        (0..<1).contains($0)
    }

    static func number(
        _ expected: String, where valid: @escaping @Sendable (Double) -> Bool
    ) -> Self {
        Self(expected: expected) {
            let tag = $0.tag
            guard tag == .float || tag == .int else { return nil }
            guard let value = $0.digits.flatMap(Double.init) else { return nil }
            guard value.isFinite else {
                throw RecipeError.invalidValue(
                    $0.location, key: $0.key, expected: "\(expected), and finite", found: $0.found,
                    nearest: nil)
            }
            return valid(value) ? value : nil
        }
    }
}

extension RecipeRule {
    /// One of some values by their names.
    static func choice(
        of values: [(name: String, value: Value)], text: @escaping @Sendable (Value) -> String
    ) -> Self where Value: Sendable {
        let names = values.map(\.name)
        let named = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
        return Self(
            expected: "one of \(names.joined(separator: ", "))",
            nearest: { NearestName.find($0, among: names) },
            read: { field in field.node.scalar.flatMap { named[$0.string] } }, text: text)
    }
}

extension RecipeRule where Value: RawRepresentable<String> & CaseIterable & Sendable {
    static var choice: Self {
        .choice(of: Value.allCases.map { ($0.rawValue, $0) }, text: \.rawValue)
    }
}
