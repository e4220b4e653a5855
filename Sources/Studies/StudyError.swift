/// A study that cannot be done as asked.
public enum StudyError: Error, Equatable, CustomStringConvertible {
    case unknownSchedule(String, nearest: String?)
    case takenSchedule(String)
    case unusableSchedule(String)
    case noTeacher(recipe: String)
    case noFolder(teachers: String)
    case severalTeachers(model: String, files: [String])
    case differs(cell: String, path: String, expected: String, found: String)
    case otherTeacher(cell: String, path: String, file: String, expected: String, found: String)
    case otherDataset(cell: String, path: String, expected: String, found: String)
    case foreignRun(cell: String, folder: String)
    case otherImages(cell: String, path: String, kind: String, expected: Int, found: Int)
    case lostTeacher(cell: String, path: String, model: String, digest: String)
    case untrainedTeacher(cell: String, model: String)
    case otherNormalization(model: String, teachers: String?)
    case changedSchedule(recipe: String)
    case unfit(cell: String, reason: String)

    /// One sentence with the remedy.
    public var description: String { remedy.map { "\(problem); \($0)" } ?? problem }

    /// The sentence without the remedy.
    package var problem: String {
        switch self {
        case .unknownSchedule(let name, _):
            "the schedule '\(name)' is unknown and no such file exists, expected paper, short or a "
                + "recipe's file"
        case .takenSchedule(let path):
            "the schedule's file \(path) has the name of a shipped schedule, and its results could not be "
                + "told apart, expected another name than \(StudySchedule.shipped.joined(separator: ", "))"
        case .unusableSchedule(let path):
            "the name of the schedule's file \(path) becomes part of recipes' names, expected letters, "
                + "digits and . _ -"
        case .noTeacher(let recipe):
            "the recipe \(recipe) has no teacher or no `review` section, expected one that distills with "
                + "ReviewKD for an ablation"
        case .noFolder(let teachers):
            "the teachers' folder is \(teachers), expected a folder with the teachers' weights"
        case .severalTeachers(let model, let files):
            "several files could be \(model)'s: \(files.prefix(5).joined(separator: ", "))"
                + (files.count > 5 ? ", …" : "")
        case .differs(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) with other settings (digest \(found), now \(expected))"
        case .otherTeacher(let cell, let path, let file, let expected, let found):
            "\(path) holds the cell \(cell) with another teacher (SHA-256 "
                + "\(expected.prefix(16))…, \(file) has \(found.prefix(16))…)"
        case .otherDataset(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) of \(expected), now the data set is \(found)"
        case .foreignRun(let cell, let folder):
            "\(folder) holds a finished run with another teacher or other images than the cell \(cell) "
                + "is to have"
        case .otherImages(let cell, let path, let kind, let expected, let found):
            "\(path) holds the cell \(cell) with \(expected) \(kind) images, now there are \(found)"
        case .lostTeacher(let cell, let path, _, let digest):
            "\(path) holds the cell \(cell) with a teacher that is not there (SHA-256 "
                + "\(digest.prefix(16))…)"
        case .untrainedTeacher(let cell, let model):
            "the cell \(cell) has no teacher, since the training of \(model) failed"
        case .otherNormalization(let model, _):
            "no file of the teacher \(model) was found, and the normalisation given for it differs from the "
                + "one that training it here would use"
        case .changedSchedule(let recipe):
            "the data, rates or length of \(recipe) are changed, and its results could not be told apart "
                + "from those of the shipped schedule"
        case .unfit(let cell, let reason):
            "the cell \(cell) cannot be run: \(reason)"
        }
    }

    private var remedy: String? {
        switch self {
        case .unknownSchedule(_, let nearest): nearest.map { "did you mean \"\($0)\"?" }
        case .takenSchedule, .unusableSchedule: "give it another name"
        case .noTeacher: "choose one such as cifar100/resnet56-resnet20"
        case .noFolder: "name one, or none to train the teachers here"
        case .severalTeachers(let model, _):
            "name the right one \(model).pth, or move the others away"
        case .differs: "choose another folder, or give the settings it was made with"
        case .otherTeacher: "give the same file, or choose another folder"
        case .otherDataset: "give the schedule another name, or choose another folder"
        case .foreignRun:
            "move that folder away to train the cell anew, or choose another folder"
        case .otherImages: "give the same images, or choose another folder"
        case .lostTeacher(_, _, let model, _):
            "give its file as \(model).safetensors, .pt or .pth in the teachers' folder, or choose "
                + "another folder for the study to train a new one"
        case .untrainedTeacher: "repeat the study once that is mended"
        case .otherNormalization(let model, let teachers):
            "leave teacher.normalization out, or put \(model)'s file into "
                + (teachers ?? "the teachers' folder")
        case .changedSchedule: "save the recipe as a file of another name and use that"
        case .unfit: nil
        }
    }
}

/// Cells of a study that failed; the others are done.
public struct FailedCells: Error, CustomStringConvertible {
    /// How many.
    public let count: Int

    /// Of how many that were to be run.
    public let total: Int

    /// Why the first one failed.
    public let first: any Error

    /// The counts and the first reason.
    public var description: String {
        "\(count) of \(total) cells failed, the first with: \(first)"
    }
}
