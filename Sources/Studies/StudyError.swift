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
    case failed(cells: Int, of: Int, first: String)

    /// One sentence with the remedy.
    public var description: String {
        switch self {
        case .unknownSchedule(let name, let nearest):
            "the schedule '\(name)' is unknown and no such file exists, expected paper, short or a "
                + "recipe's file" + Self.hint(nearest)
        case .takenSchedule(let path):
            "the schedule's file \(path) has the name of a shipped schedule, and its results could not be "
                + "told apart. Expected another name than \(StudySchedule.shipped.joined(separator: ", ")). "
                + "Rename the file."
        case .unusableSchedule(let path):
            "the name of the schedule's file \(path) becomes part of recipes' names, expected letters, "
                + "digits and . _ -; give it another name"
        case .noTeacher(let recipe):
            "the recipe \(recipe) has no teacher or no `review` section. An ablation needs a recipe that "
                + "distills with ReviewKD. Choose one such as cifar100/resnet56-resnet20."
        case .noFolder(let teachers):
            "--teachers is \(teachers), expected a folder with the teachers' weights; name "
                + "one, or leave it out to train the teachers here"
        case .severalTeachers(let model, let files):
            "several files in --teachers could be \(model)'s: \(files.prefix(5).joined(separator: ", "))"
                + "\(files.count > 5 ? ", …" : ""); name the right one \(model).pth, or move the others "
                + "away"
        case .differs(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) with other settings (digest \(found), now \(expected)); "
                + "choose another --output, or give the settings it was made with"
        case .otherTeacher(let cell, let path, let file, let expected, let found):
            "\(path) holds the cell \(cell) with another teacher (SHA-256 "
                + "\(expected.prefix(16))…, \(file) has \(found.prefix(16))…); give the same file, or "
                + "choose another --output"
        case .otherDataset(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) of \(expected), now the data set is \(found); give the "
                + "schedule another name, or choose another --output"
        case .foreignRun(let cell, let folder):
            "\(folder) holds a finished run with another teacher or other images than the cell \(cell) "
                + "is to have; move that folder away to train the cell anew, or choose another --output"
        case .otherImages(let cell, let path, let kind, let expected, let found):
            "\(path) holds the cell \(cell) with \(expected) \(kind) images, now there are \(found); "
                + "give the same --data, or choose another --output"
        case .lostTeacher(let cell, let path, let model, let digest):
            "\(path) holds the cell \(cell) with a teacher that is not there (SHA-256 "
                + "\(digest.prefix(16))…); give its file as \(model).safetensors, .pt or .pth in "
                + "--teachers, or choose another --output to train a new one"
        case .untrainedTeacher(let cell, let model):
            "the cell \(cell) has no teacher, since the training of \(model) failed; repeat the "
                + "command once that is mended"
        case .otherNormalization(let model, let teachers):
            "no file of the teacher \(model) was found, and the normalisation given for it differs from the "
                + "one that training it here would use. Expected its file, or the same normalisation. "
                + "Leave out --teacher-normalization and the recipe's teacher.normalization, or put "
                + "\(model)'s file into \(teachers ?? "the folder of --teachers")."
        case .changedSchedule(let recipe):
            "--set changes the data, the rates or the length of \(recipe). Its results could not be told "
                + "apart from those of the shipped schedule. Save the recipe to a file with a name of your own "
                + "(reviewkd recipes show \(recipe) > my-schedule.yaml), change it there, and give that file."
        case .unfit(let cell, let reason):
            "the cell \(cell) cannot be run: \(reason)"
        case .failed(let cells, let count, let first):
            "\(cells) of \(count) cells failed, the first with: \(first)"
        }
    }

    private static func hint(_ nearest: String?) -> String {
        nearest.map { "; did you mean \"\($0)\"?" } ?? ""
    }
}
