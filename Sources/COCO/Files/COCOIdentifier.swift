import Basics

/// What an image, a category or an annotation is known by: a number, or a text.
///
/// Numbers are equal by their value, as in Python: 1, 1.0 and true are one identifier. A text equals no number.
public enum COCOIdentifier: Sendable {
    /// An integer.
    case whole(Int)
    /// A number that is no integer.
    case fraction(Double)
    /// A text.
    case text(String)

    /// The identifier of a number.
    public init(_ number: Double) {
        self = Int(exactly: number).map { .whole($0) } ?? .fraction(number)
    }
}

extension COCOIdentifier: Hashable {
    /// Texts are equal where their code points are, as in Python.
    public static func == (left: COCOIdentifier, right: COCOIdentifier) -> Bool {
        switch (left, right) {
        case (.whole(let left), .whole(let right)): left == right
        case (.fraction(let left), .fraction(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        default: false
        }
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .whole(let number): hasher.combine(number)
        case .fraction(let number): hasher.combine(number)
        case .text(let text): for unit in text.utf8 { hasher.combine(unit) }
        }
    }
}

extension COCOIdentifier: Comparable {
    /// Numbers come by their value, texts by their code points, and numbers before texts.
    public static func < (left: COCOIdentifier, right: COCOIdentifier) -> Bool {
        switch (left, right) {
        case (.whole(let left), .whole(let right)): left < right
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.text, _): false
        case (_, .text): true
        case (.whole(let left), .fraction(let right)): Double(left) < right
        case (.fraction(let left), .whole(let right)): left < Double(right)
        case (.fraction(let left), .fraction(let right)): left < right
        }
    }
}

extension COCOIdentifier: CustomStringConvertible {
    /// The number, or the text between quotation marks.
    public var description: String {
        switch self {
        case .whole(let number): "\(number)"
        case .fraction(let number): "\(number)"
        case .text(let text): text.quoted
        }
    }

    /// Whether it is a text.
    var isText: Bool {
        if case .text = self { true } else { false }
    }
}

extension COCOIdentifier: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// An integer as an identifier.
    public init(integerLiteral number: Int) { self = .whole(number) }

    /// A text as an identifier.
    public init(stringLiteral text: String) { self = .text(text) }
}
