import Basics
import Studies

extension StudyError: Remediable {
    func remedy(in command: CommandKind) -> String? {
        switch self {
        case .noFolder:
            "name one with --teachers, or leave it out to train the teachers here"
        case .differs: "choose another --output, or give the settings it was made with"
        case .otherTeacher: "give the same file, or choose another --output"
        case .otherDataset: "give the schedule another name, or choose another --output"
        case .foreignRun:
            "move that folder away to train the cell anew, or choose another --output"
        case .otherImages: "give the same --data, or choose another --output"
        case .lostTeacher(_, _, let model, _):
            "give its file as \(model).safetensors, .pt or .pth in --teachers, or choose another "
                + "--output to train a new one"
        case .untrainedTeacher: "repeat the command once that is mended"
        case .otherNormalization(let model, let teachers):
            "leave --teacher-normalization, or teacher.normalization of the recipe, out, or put "
                + "\(model)'s file into \(teachers ?? "the folder of --teachers")"
        case .changedSchedule(let recipe):
            "save the recipe as a file of another name (reviewkd recipes show \(recipe)) and name that "
                + "instead of --set"
        case .unknownSchedule, .takenSchedule, .unusableSchedule, .noTeacher, .severalTeachers,
            .unfit:
            nil
        }
    }
}

extension FailedCells: Remediable {
    var problem: String { "\(count) of \(total) cells failed, the first with" }

    func remedy(in command: CommandKind) -> String? { nil }

    func text(in command: CommandKind) -> String { "\(problem): \(told(first))" }
}

extension ResultsFileError: Remediable {
    func remedy(in command: CommandKind) -> String? {
        switch self {
        case .otherVersion: "use that one, or another --output"
        case .otherRun: "join it with another --output"
        case .unreadable, .noResults, .malformed, .twice: nil
        }
    }
}

extension MissingTeachers: Remediable {
    func remedy(in command: CommandKind) -> String? {
        if let better {
            return "\(better) has such files: give \(ShellWord.option("--teachers", better))"
        }
        return example == nil ? "files of trained ones in --teachers save the time" : nil
    }
}
