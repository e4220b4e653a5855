/// A recipe that cannot be used, with the place to correct.
public enum RecipeError: Error, Equatable {
    /// Where a value was written.
    public enum Location: Equatable, Sendable, CustomStringConvertible {
        /// A line, counted from 1, of a file.
        case file(String, line: Int)
        /// An override, given as its text `key.path=value`.
        case override(String)

        /// Whether an override gave the value.
        package var isOverride: Bool {
            switch self {
            case .file: false
            case .override: true
            }
        }

        /// The place as compilers write it, `file:line`, or the override.
        public var description: String { text(calling: RecipeError.override) }

        /// The same with another word for an override.
        fileprivate func text(calling override: String) -> String {
            switch self {
            case .file(let name, let line): "\(name):\(line)"
            case .override(let text): "\(override) \(text)"
            }
        }
    }

    /// The text is not YAML.
    case syntax(Location, problem: String)
    /// A tab stands where YAML wants spaces.
    case tab(Location, isIndentation: Bool)
    /// A second document begins in the file.
    case severalDocuments(Location)
    /// A key stands twice in one section.
    case duplicateKey(Location, key: String)
    /// A key that its section does not have.
    case unknownKey(Location, key: String, known: [String])
    /// A required key is absent.
    case missingKey(Location, key: String, expected: String)
    /// A value has the wrong type, is out of range, or is none of the valid names.
    case invalidValue(Location, key: String, expected: String, found: String, nearest: String?)
    /// A value is valid by itself but contradicts another.
    case contradiction(Location, key: String, problem: String)
    /// A key has no meaning beside another key's value.
    case unused(Location, key: String, reason: String)
    /// Something would happen after the last epoch; whether an override says how many epochs there are.
    case afterTheEnd(Location, key: String, what: String, epochs: Int, isOverridden: Bool)
    /// An override cannot be applied.
    case invalidOverride(String, problem: String)
    /// Neither a shipped recipe nor a file has this name.
    case unknownRecipe(String, nearest: String?)
    /// No two models have these names.
    case unknownPair(String, nearest: String?)
    /// A review term was asked for that nobody published, for a model that is not of the zoo.
    case noPublishedReview(teacher: String, student: String)
    /// A file exists and cannot be read as text.
    case unreadable(String, problem: String)
}

extension RecipeError: CustomStringConvertible {
    /// The place, what was expected, what was found, and the remedy.
    public var description: String { text(calling: Self.override, remedy: remedy) }

    /// What an override is called where nobody has another word.
    fileprivate static let override = "override"

    /// The error with the words of those who are told it.
    ///
    /// - Parameters:
    ///   - override: what an override is called.
    ///   - remedy: what to do.
    /// - Returns: the place, what was expected, what was found, and the remedy.
    package func text(calling override: String, remedy: String?) -> String {
        let text = problem(calling: override) + (remedy.map { "; \($0)" } ?? "")
        return text.hasSuffix("?") ? text : text + "."
    }

    /// The same without the remedy.
    package func problem(calling override: String) -> String {
        func at(_ location: Location) -> String { location.text(calling: override) }
        return switch self {
        case .syntax(let location, let problem):
            "\(at(location)): expected YAML, found an error: \(problem)"
        case .tab(let location, let isIndentation):
            "\(at(location)): expected YAML, found a tab "
                + (isIndentation ? "in the indentation" : "between the words")
        case .severalDocuments(let location):
            "\(at(location)): expected one recipe in the file, found a second document (---)"
        case .duplicateKey(let location, let key):
            "\(at(location)): key \"\(key)\" stands more than once in its section"
        case .unknownKey(let location, let key, let known):
            "\(at(location)): unknown key \"\(key)\"\(Self.hint(forKey: key, among: known)) "
                + "The keys here are \(known.joined(separator: ", "))"
        case .missingKey(let location, let key, _):
            "\(at(location)): key \"\(key)\" is missing"
        case .invalidValue(let location, let key, let expected, let found, _):
            "\(at(location)): \(key): expected \(expected), found \(found)"
        case .contradiction(let location, let key, let problem):
            "\(at(location)): \(key): \(problem)"
        case .unused(let location, let key, let reason):
            "\(at(location)): \(key): is not used when \(reason)"
        case .afterTheEnd(let location, let key, let what, let epochs, _):
            "\(at(location)): \(key): \(what), but epochs is \(epochs)"
        case .invalidOverride(let text, let problem):
            "\(at(.override(text))): \(problem)"
        case .unknownRecipe(let name, _) where RecipeFileName.isOne(name):
            "there is no file \"\(name)\""
        case .unknownRecipe(let name, _):
            "\"\(name)\" is neither a shipped recipe nor a file"
        case .unknownPair(let name, _):
            "the pair '\(name)' is unknown, expected the names of two models as TEACHER-STUDENT"
        case .noPublishedReview(let teacher, let student):
            "no settings of the review term are known for \(teacher) and \(student), expected two "
                + "models of the zoo"
        case .unreadable(let path, let problem):
            "\(path): expected a recipe in UTF-8 text, but the file cannot be read: \(problem)"
        }
    }

    /// What to do in the recipe; nil where the problem says it.
    package var remedy: String? {
        switch self {
        case .tab: "use spaces instead of tabs"
        case .severalDocuments: "remove it, or put it into a file of its own"
        case .duplicateKey: "keep one of them"
        case .missingKey(_, _, let expected): "add it with \(expected)"
        case .unused: "remove it, or set it to null"
        case .afterTheEnd: "lower it, or raise epochs"
        case .noPublishedReview: "write the section method.review with a weight"
        case .invalidValue(_, _, _, _, let nearest): nearest.map(Self.question)
        case .unknownRecipe(_, let nearest):
            Self.question(nearest, or: "`Recipe.shipped` lists the shipped ones")
        case .unknownPair(_, let nearest):
            Self.question(nearest, or: "`Architecture.all` lists the models")
        case .invalidOverride(let text, _): Self.example(for: text)
        case .syntax, .unknownKey, .contradiction, .unreadable: nil
        }
    }

    /// How an override is written, where one is no pair of a key and a value.
    ///
    /// - Parameters:
    ///   - text: the override.
    ///   - option: what stands before it.
    /// - Returns: nil where it is one.
    package static func example(for text: String, option: String = "") -> String? {
        let isPair = text.firstIndex(of: "=").map { $0 != text.startIndex } ?? false
        return isPair ? nil : "write it as in \(option)optimizer.learning_rate=0.1"
    }

    /// Asks for the name that was probably meant, and says where all names are.
    package static func question(_ nearest: String?, or list: String) -> String {
        (nearest.map { question($0) + " " } ?? "") + list
    }

    private static func question(_ nearest: String) -> String { "did you mean \"\(nearest)\"?" }

    /// The same for a key, which may be known by another name or belong elsewhere.
    private static func hint(forKey key: String, among known: [String]) -> String {
        let meant = KeyNames.meant(by: key, among: known)
        return meant.map { "; did you mean \($0)?" } ?? "."
    }
}
