import Basics

/// A study that cannot be done as asked.
public enum StudyError: Error, Equatable, CustomStringConvertible {
    case unknownSchedule(String, nearest: String?)
    case takenSchedule(String)
    case unusableSchedule(String)
    case ofDetectors(recipe: String)
    case noTeacher(recipe: String)
    case noFolder(teachers: String)
    case holdsRun(path: String, found: String)
    case foreignFolder(path: String, found: String)
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
    case oneProcess(cell: String, what: String, processes: Int)

    /// What happened, what was expected, and the remedy.
    public var description: String { remedy.map { sentences(problem, $0) } ?? problem }

    /// The same without the remedy.
    package var problem: String {
        switch self {
        case .unknownSchedule(let name, _):
            "the schedule '\(name)' is unknown, and there is no such file. Expected paper, medium, short or a "
                + "recipe's file."
        case .takenSchedule(let path):
            "the schedule's file \(path) has the name of a shipped schedule, so its results could not be "
                + "told apart. Expected a name other than "
                + "\(StudySchedule.shipped.joined(separator: ", "))."
        case .unusableSchedule(let path):
            "the name of the schedule's file \(path) would become part of recipes' names. Expected only "
                + "letters, digits and the signs . _ + - in it."
        case .ofDetectors(let recipe):
            "the recipe \(recipe) trains a detector. Studies compare networks that classify."
        case .noTeacher(let recipe):
            "the recipe \(recipe) has no teacher or no `review` section. An ablation needs a recipe that "
                + "distills with ReviewKD."
        case .noFolder(let teachers):
            "there is no folder at \(teachers). Expected a folder with the teachers' weights."
        case .holdsRun(let path, let found):
            "\(path) holds a run that is no part of a study (found \(found.shown)). Expected the folder of "
                + "a study, an empty folder, or a name that is not taken."
        case .foreignFolder(let path, let found):
            "\(path) is not empty, and it is not the folder of a study (found \(found.shown)). Expected "
                + "an empty folder, or a name that is not taken."
        case .severalTeachers(let model, let files):
            "several files could hold \(model)'s weights: \(files.prefix(5).joined(separator: ", "))"
                + (files.count > 5 ? ", …" : "") + ". Expected one."
        case .differs(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) with other settings. Expected settings with the digest "
                + "\(expected), found \(found)."
        case .otherTeacher(let cell, let path, let file, let expected, let found):
            "\(path) holds the cell \(cell) with another teacher. Expected a file with SHA-256 "
                + "\(expected.prefix(16))…, but \(file) has \(found.prefix(16))…."
        case .otherDataset(let cell, let path, let expected, let found):
            "\(path) holds the cell \(cell) of \(expected), but now the data set is \(found)."
        case .foreignRun(let cell, let folder):
            "\(folder) holds a finished run that is not the cell \(cell). Its teacher or its images were "
                + "others."
        case .otherImages(let cell, let path, let kind, let expected, let found):
            "\(path) holds the cell \(cell) with \(expected) \(kind) images, but now there are \(found)."
        case .lostTeacher(let cell, let path, _, let digest):
            "\(path) holds the cell \(cell), but the file of its teacher is missing. Expected a file with "
                + "SHA-256 \(digest.prefix(16))…."
        case .untrainedTeacher(let cell, let model):
            "the cell \(cell) has no teacher, because the training of \(model) failed."
        case .otherNormalization(let model, _):
            "no file of the teacher \(model) was found, so it would be trained here, with the "
                + "normalization of its own recipe. But another normalization is given for it."
        case .changedSchedule(let recipe):
            "the data, rates or length of \(recipe) are changed, but it still has the shipped name. Its "
                + "results could not be told apart from those of the shipped schedule."
        case .unfit(let cell, let reason):
            "the cell \(cell) cannot be run: \(reason)"
        case .oneProcess(let cell, let what, let processes):
            "the cell \(cell) cannot be run by \(processes) processes: \(what) needs one that does all the work."
        }
    }

    private var remedy: String? {
        switch self {
        case .unknownSchedule(_, let nearest): nearest.map { "did you mean \"\($0)\"?" }
        case .takenSchedule, .unusableSchedule: "rename the file"
        case .ofDetectors: "choose a recipe of images that have a class each"
        case .noTeacher: "choose one such as cifar100/resnet56-resnet20"
        case .noFolder: "name another one, or none to train the teachers here"
        case .holdsRun, .foreignFolder: "choose another folder"
        case .severalTeachers(let model, _):
            "rename the right one to \(model).pth, or move the others away"
        case .differs: "choose another folder, or give the settings it was made with"
        case .otherTeacher: "give the same file, or choose another folder"
        case .otherDataset: "give the schedule another name, or choose another folder"
        case .foreignRun:
            "move that folder away to train the cell anew, or choose another folder"
        case .otherImages: "give the same images, or choose another folder"
        case .lostTeacher(_, _, let model, _):
            "give its file as \(model).safetensors, .pt or .pth in the teachers' folder, or choose "
                + "another folder for the study to train a new one"
        case .untrainedTeacher: "mend that, and repeat the study"
        case .otherNormalization(let model, let teachers):
            "leave out teacher.normalization, or put \(model)'s file into "
                + (teachers ?? "the teachers' folder")
        case .changedSchedule: "save the recipe as a file of another name and use that"
        case .unfit: nil
        case .oneProcess: "start one process, or leave the method out"
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
