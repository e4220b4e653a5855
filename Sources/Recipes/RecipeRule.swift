import Basics
import VisionModels
import Yams

/// What a value must be, and how it is read.
struct RecipeRule<Value>: Sendable {
    let expected: String
    /// The text that was probably meant by one that cannot be read.
    var nearest: @Sendable (String) -> String? = { _ in nil }
    /// Returns `nil` when the value is not what is expected.
    let read: @Sendable (RecipeField) throws -> Value?
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
        return Self(expected: "a list of \(size), each \(element.expected)") { field in
            guard case .sequence(let list) = field.node, !list.isEmpty else { return nil }
            guard count == nil || count == list.count else { return nil }
            return try list.enumerated().map { try field.child("\($0)", $1).read(element) }
        }
    }
}

extension RecipeRule where Value == String {
    static let text = Self(expected: "text") {
        guard let text = $0.node.scalar?.string, $0.tag == .str else { return nil }
        return text.isEmpty ? nil : text
    }

    static let name = Self(expected: "a name of letters, digits and . _ - between single slashes") {
        guard let name = try Self.text.read($0) else { return nil }
        return Recipe.isName(name) ? name : nil
    }

    private static let models = Architecture.all.map(\.name)

    /// The name of a model in its own letter case.
    static let model = Self(
        expected: "one of \(models.joined(separator: ", "))",
        nearest: { Architecture.nearestName(to: $0) }
    ) { field in
        field.node.scalar.flatMap { try? Architecture(named: $0.string).name }
    }
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

extension RecipeRule where Value: RawRepresentable<String> & CaseIterable & Sendable {
    static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        return Self(
            expected: "one of \(names.joined(separator: ", "))",
            nearest: { NearestName.find($0, among: names) }
        ) {
            $0.node.scalar.flatMap { Value(rawValue: $0.string) }
        }
    }
}
