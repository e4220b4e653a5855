import Basics
import Yams

/// What a value must be, how it is read, and how it is written.
package struct RecipeRule<Value>: Sendable {
    package let expected: String
    /// The text that was probably meant by one that cannot be read.
    let nearest: @Sendable (String) -> String?
    /// Returns `nil` when the value is not what is expected.
    package let read: @Sendable (RecipeField) throws -> Value?
    /// The value as YAML in one line.
    package let text: @Sendable (Value) -> String

    /// A rule; without a `text` a value is written as Swift prints it.
    package init(
        expected: String, nearest: @escaping @Sendable (String) -> String? = { _ in nil },
        read: @escaping @Sendable (RecipeField) throws -> Value?,
        text: @escaping @Sendable (Value) -> String = { "\($0)" }
    ) {
        self.expected = expected
        self.nearest = nearest
        self.read = read
        self.text = text
    }
}

extension RecipeRule {
    /// A section, read by its own initializer.
    package static func section(
        _ expected: String = "a section", read: @escaping @Sendable (RecipeField) throws -> Value
    ) -> Self {
        Self(expected: expected, read: read)
    }

    /// A list whose elements all obey one rule.
    package static func list<Element>(of element: RecipeRule<Element>, count: Int? = nil) -> Self
    where Value == [Element] {
        let size = count.map { "\($0) values" } ?? "values"
        return Self(
            expected: "a list of \(size), each \(element.expected)",
            read: { field in
                guard let elements = field.elements, !elements.isEmpty else { return nil }
                guard count == nil || count == elements.count else { return nil }
                return try elements.map { try $0.read(element) }
            },
            text: { "[\($0.map(element.text).joined(separator: ", "))]" })
    }
}

extension RecipeRule where Value == String {
    package static let text = Self(
        expected: "text",
        read: {
            guard let text = $0.scalar, $0.tag == .str else { return nil }
            return text.isEmpty ? nil : text
        }, text: \.yaml)
}

extension RecipeRule where Value == Bool {
    /// As YAML 1.1 writes it, which PyYAML reads.
    package static let flag = Self(expected: "true or false") {
        guard let text = $0.scalar, $0.tag == .bool else { return nil }
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
        guard let text = scalar else { return nil }
        let isPlain = text.wholeMatch(of: /[^_]+|[-+]?\d+(_\d+)+([.]\d*)?/) != nil
        return isPlain ? text.filter { $0 != "_" } : nil
    }
}

extension RecipeRule where Value == Int {
    /// A whole number of a range.
    package static func integer(atLeast minimum: Int, atMost maximum: Int) -> Self {
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
    package static let finite = number("a number") { _ in true }
    package static let positive = number("a number above 0") { $0 > 0 }
    package static let nonNegative = number("a number of at least 0") { $0 >= 0 }
    package static let fraction = number("a number from 0 to 1") { (0...1).contains($0) }
    package static let positiveFraction = number("a number above 0 and at most 1") {
        $0 > 0 && $0 <= 1
    }
    package static let properFraction = number("a number from 0 up to but not including 1") {
        (0..<1).contains($0)
    }

    package static func number(
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
    package static func choice(
        of values: [(name: String, value: Value)], text: @escaping @Sendable (Value) -> String
    ) -> Self where Value: Sendable {
        let names = values.map(\.name)
        let named = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
        return Self(
            expected: "one of \(names.joined(separator: ", "))",
            nearest: { NearestName.find($0, among: names) },
            read: { field in field.scalar.flatMap { named[$0] } }, text: text)
    }
}

extension RecipeRule where Value: RawRepresentable<String> & CaseIterable & Sendable {
    package static var choice: Self {
        .choice(of: Value.allCases.map { ($0.rawValue, $0) }, text: \.rawValue)
    }
}
