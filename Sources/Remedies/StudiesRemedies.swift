import Basics
import Studies

extension StudyError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .noFolder:
            "name another one with --teachers, or leave --teachers out to train the teachers here"
        case .holdsRun, .foreignFolder: "choose another --output"
        case .differs: "choose another --output, or give the settings it was made with"
        case .otherTeacher: "give the same file, or choose another --output"
        case .otherDataset: "give the schedule another name, or choose another --output"
        case .foreignRun:
            "move that folder away to train the cell anew, or choose another --output"
        case .otherImages: "give the same --data, or choose another --output"
        case .lostTeacher(_, _, let model, _):
            "give its file as \(model).safetensors, .pt or .pth in --teachers, or choose another "
                + "--output to train a new one"
        case .untrainedTeacher: "mend that, and repeat the command"
        case .otherNormalization(let model, let teachers):
            "leave out --teacher-normalization and the recipe's teacher.normalization, or put "
                + "\(model)'s file into \(teachers ?? "the folder of --teachers")"
        case .changedSchedule(let recipe):
            "save the recipe as a file of another name (reviewkd recipes show \(recipe) > FILE), make the "
                + "changes there, and give FILE without --set"
        case .oneProcess:
            "leave the method out of --methods, or run it in one process: without --processes or a launcher"
        case .unknownSchedule, .takenSchedule, .unusableSchedule, .ofDetectors, .noTeacher,
            .severalTeachers,
            .unfit:
            nil
        }
    }
}

extension FailedCells: Remediable {
    package var problem: String { "\(count) of \(total) cells failed, the first with" }

    package func remedy(in command: CommandKind) -> String? { nil }

    package func text(in command: CommandKind) -> String { "\(problem): \(told(first))" }
}

extension ResultsFileError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .otherVersion: "use that version, or choose another --output"
        case .otherRun: "join it with another --output"
        case .unreadable, .noResults, .malformed, .twice: nil
        }
    }
}

extension MissingTeachers: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        if let better {
            return "give \(ShellWord.option("--teachers", better)), which has such files"
        }
        return example == nil ? "to save the time, give files of trained ones with --teachers" : nil
    }
}
