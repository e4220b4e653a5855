import Distillation
import RecipeSyntax

/// The constants of one method, whichever it is.
public struct MethodConstants: Sendable, Equatable {
    private var content: any AnyConstants

    /// The published constants of a method.
    ///
    /// - Parameters:
    ///   - method: the term.
    ///   - use: what it is used for.
    package init<Method: NamedMethod>(_ method: Method.Type, for use: MethodUse) {
        content = Constants<Method>(settings: Method.published(for: use))
    }

    /// The constants of a method under their own type; nil for another method.
    public subscript<Method: NamedMethod>(method: Method.Type) -> Method.Settings? {
        get { (content as? Constants<Method>)?.settings }
        set {
            guard let newValue, content is Constants<Method> else { return }
            content = Constants<Method>(settings: newValue)
        }
    }

    /// Whether both are of one method and the same.
    public static func == (left: MethodConstants, right: MethodConstants) -> Bool {
        left.content.isEqual(to: right.content)
    }

    /// Makes the term.
    ///
    /// - Parameter place: the networks and images.
    /// - Returns: the term; nil for what only changes the review term.
    /// - Throws: `DistillationError` where they do not suit the method.
    public func makeTerm(in place: MethodPlace) throws -> (any KnowledgeTerm)? {
        try content.makeTerm(in: place)
    }

    /// Makes the term between detectors.
    ///
    /// - Parameter place: the networks.
    /// - Returns: the term.
    /// - Throws: `DistillationError` where the method is not made for detectors, or these do not suit it.
    public func makeTerm(in place: PyramidPlace) throws(DistillationError) -> any KnowledgeTerm {
        try content.makeTerm(in: place)
    }

    /// Takes over what a section gives; what it leaves out stays.
    mutating func read(_ field: RecipeField) throws { try content.read(field) }

    /// Key and value of each, in the order of the method's table.
    var entries: [RecipeEntry] { content.entries }

    /// What the page of keys says.
    var rows: [KeyRow] { content.rows }

    /// The numbers that count epochs.
    var epochCounts: [Int] { content.epochCounts }

    /// The same for a run of another length: what counts epochs keeps its share.
    func rescaled(from former: Int, to epochs: Int) -> MethodConstants {
        var result = self
        result.content.rescale(from: former, to: epochs)
        return result
    }
}

/// Constants of a method whose type is not known.
private protocol AnyConstants: Sendable {
    var entries: [RecipeEntry] { get }
    var rows: [KeyRow] { get }
    var epochCounts: [Int] { get }
    func isEqual(to other: any AnyConstants) -> Bool
    func makeTerm(in place: MethodPlace) throws -> (any KnowledgeTerm)?
    func makeTerm(in place: PyramidPlace) throws(DistillationError) -> any KnowledgeTerm
    mutating func read(_ field: RecipeField) throws
    mutating func rescale(from former: Int, to epochs: Int)
}

private struct Constants<Method: NamedMethod>: AnyConstants {
    var settings: Method.Settings

    private var table: RecipeTable<Method.Settings> {
        RecipeTable(blank: settings, keys: Method.constants.map { RecipeKey($0) })
    }

    var entries: [RecipeEntry] { table.entries(of: settings) }

    var rows: [KeyRow] { table.rows }

    var epochCounts: [Int] {
        Method.constants.compactMap { $0.epochs }.map { settings[keyPath: $0] }
    }

    func isEqual(to other: any AnyConstants) -> Bool {
        (other as? Self)?.settings == settings
    }

    func makeTerm(in place: MethodPlace) throws -> (any KnowledgeTerm)? {
        func make<Term: DistillationMethod>(_ method: Term.Type) throws -> (any KnowledgeTerm)? {
            guard let settings = settings as? Term.Settings else { return nil }
            return try Term(settings, in: place)
        }
        return try (Method.self as? any DistillationMethod.Type).flatMap { try make($0) }
    }

    func makeTerm(in place: PyramidPlace) throws(DistillationError) -> any KnowledgeTerm {
        func make<Known: DetectionMethod>(
            _ method: Known.Type
        ) throws(DistillationError) -> (any KnowledgeTerm)? {
            guard let settings = settings as? Known.Settings else { return nil }
            return try Known(settings, in: place)
        }
        guard let method = Method.self as? any DetectionMethod.Type,
            let term = try make(method)
        else {
            throw .notForDetectors(
                method: Method.name, known: DistillationMethods.forDetectors.map { $0.name })
        }
        return term
    }

    mutating func read(_ field: RecipeField) throws { settings = try table.read(field) }

    mutating func rescale(from former: Int, to epochs: Int) {
        for case let path? in Method.constants.map(\.epochs) {
            let scaled = (Double(settings[keyPath: path]) * Double(epochs) / Double(former))
                .rounded()
            settings[keyPath: path] = min(Int(scaled), epochs - 1)
        }
    }
}

extension MethodConstant {
    /// The place of a number of epochs; nil where the constant is something else.
    fileprivate var epochs: Path<Settings, Int>? {
        guard case .epochs(let path) = place else { return nil }
        return path
    }
}

extension RecipeKey {
    /// The key of a method's constant.
    fileprivate init(_ constant: MethodConstant<Settings>) {
        let (key, meaning) = (constant.key, constant.meaning)
        self =
            switch constant.place {
            case .number(let path, .positive): .optional(key, path, .positive, meaning)
            case .number(let path, .nonNegative): .optional(key, path, .nonNegative, meaning)
            case .number(let path, .fraction): .optional(key, path, .fraction, meaning)
            case .whole(let path, let range):
                .optional(
                    key, path, .integer(atLeast: range.lowerBound, atMost: range.upperBound),
                    meaning)
            case .epochs(let path): .optional(key, path, .integer(atLeast: 0), meaning)
            case .flag(let path): .optional(key, path, .flag, unwritten: false, meaning)
            }
    }
}
