/// A study that cannot be done as asked.
public enum StudyError: Error, Equatable, CustomStringConvertible {
    case unknownPair(String, nearest: String?)
    case unknownSchedule(String, nearest: String?)
    case takenSchedule(String)
    case noTeacher(recipe: String)
    case noFolder(teachers: String)
    case differs(cell: String, path: String, expected: String, found: String)
    case otherTeacher(cell: String, path: String, file: String, expected: String, found: String)
    case failed(cells: Int, of: Int, first: String)

    /// One sentence with the remedy.
    public var description: String {
        switch self {
        case .unknownPair(let name, let nearest):
            "the pair '\(name)' is unknown, expected TEACHER-STUDENT of two models that "
                + "`reviewkd models` lists" + Self.hint(nearest)
        case .unknownSchedule(let name, let nearest):
            "the schedule '\(name)' is unknown, expected paper, short or a recipe's file"
                + Self.hint(nearest)
        case .takenSchedule(let path):
            "the schedule's file \(path) would be confused with a shipped schedule in the results; "
                + "give it another name"
        case .noTeacher(let recipe):
            "the recipe \(recipe) has no teacher or no review term, expected ReviewKD's of a pair "
                + "for an ablation; choose one as cifar100/resnet56-resnet20"
        case .noFolder(let teachers):
            "--teachers is \(teachers), expected a folder with MODEL.safetensors, .pt or .pth; name "
                + "one, or leave it out to train the teachers here"
        case .differs(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) with other settings (digest \(found), now \(expected)); "
                + "choose another --output, or give the settings it was made with"
        case .otherTeacher(let cell, let path, let file, let expected, let found):
            "\(path) holds the cell \(cell) with another teacher (SHA-256 "
                + "\(expected.prefix(16))…, \(file) has \(found.prefix(16))…); give the same file, or "
                + "choose another --output"
        case .failed(let cells, let count, let first):
            "\(cells) of \(count) cells failed, the first with: \(first)"
        }
    }

    private static func hint(_ nearest: String?) -> String {
        nearest.map { "; did you mean \"\($0)\"?" } ?? ""
    }
}
