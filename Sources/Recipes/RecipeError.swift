import VisionModels

/// A recipe that cannot be used, with the place to correct.
public enum RecipeError: Error, Equatable {
    /// Where a value was written.
    public enum Location: Equatable, Sendable, CustomStringConvertible {
        /// A line, counted from 1, of a file.
        case file(String, line: Int)
        /// A `--set` option, given as its text `key.path=value`.
        case override(String)

        /// The place as compilers write it, `file:line`, or the option.
        public var description: String {
            switch self {
            case .file(let name, let line): "\(name):\(line)"
            case .override(let text): "--set \(text)"
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
    /// A `--set` option cannot be applied.
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
    public var description: String {
        switch self {
        case .syntax(let location, let problem):
            "\(location): expected YAML, found an error: \(problem)."
        case .tab(let location, let isIndentation):
            "\(location): expected YAML, found a tab "
                + (isIndentation ? "in the indentation" : "between the words")
                + "; use spaces instead of tabs."
        case .severalDocuments(let location):
            "\(location): expected one recipe in the file, found a second document (---); remove it, "
                + "or put it into a file of its own."
        case .duplicateKey(let location, let key):
            "\(location): key \"\(key)\" stands more than once in its section; keep one of them."
        case .unknownKey(let location, let key, let known):
            "\(location): unknown key \"\(key)\"\(Self.hint(forKey: key, among: known)) "
                + "The keys here are \(known.joined(separator: ", "))."
        case .missingKey(let location, let key, let expected):
            "\(location): key \"\(key)\" is missing; add it with \(expected)."
        case .invalidValue(let location, let key, let expected, let found, let nearest):
            "\(location): \(key): expected \(expected), found \(found)"
                + (nearest.map { "; did you mean \"\($0)\"?" } ?? ".")
        case .contradiction(let location, let key, let problem):
            "\(location): \(key): \(problem)."
        case .invalidOverride(let text, let problem):
            "--set \(text): \(problem)."
        case .unknownRecipe(let name, let nearest):
            "\"\(name)\" is neither a shipped recipe nor a file"
                + (nearest.map { "; did you mean \"\($0)\"? " } ?? ". ")
                + "`reviewkd recipes` lists the shipped ones."
        case .unknownPair(let name, let nearest):
            "the pair '\(name)' is unknown, expected TEACHER-STUDENT of two models that "
                + "`reviewkd models` lists" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .noPublishedReview(let teacher, let student):
            "no settings of the review term are known for \(teacher) and \(student), expected two "
                + "models of the zoo; write the section method.review with a weight"
        case .unreadable(let path, let problem):
            "\(path): expected a recipe in UTF-8 text, but the file cannot be read: \(problem)."
        }
    }

    /// The same for a key, which may be known by another name or belong elsewhere.
    private static func hint(forKey key: String, among known: [String]) -> String {
        let meant = KeyNames.meant(by: key, among: known)
        return meant.map { "; did you mean \($0)?" } ?? "."
    }
}
