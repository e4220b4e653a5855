import Basics
import NetworkFiles
import Training

extension TrainingError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .notFinite(_, _, _, _, let kept):
            Self.lower("optimizer.learning_rate or the term's weight", kept, command)
        case .notFiniteJudged(_, _, _, let kept), .brokenState(_, _, let kept):
            Self.lower("optimizer.learning_rate or optimizer.weight_decay", kept, command)
        case .notFiniteAtStart(let term, _, let hasStudentWeights):
            Self.remedyAtStart(term, hasStudentWeights).map { Self.notTheRate + $0 }
        case .teacherNotFinite:
            "give another \(Self.teacherFile(command)), or check its normalization "
                + "(--teacher-normalization)"
        case .outOfMemory(_, _, _, let kept): Self.smallerBatch(kept, command)
        case .evaluationOutOfMemory:
            switch command {
            case .run: "free some memory, or use --set evaluation_batch_size=N"
            case .study: "free some memory, or \(ownRecipe("a smaller evaluation_batch_size"))"
            case .bench, .fetch, .predict, .other: "free some memory"
            }
        case .device:
            "repeat the command\(command == .run ? " with --resume" : ""), or see what the driver "
                + "reports (dmesg)"
        case .splitTooLarge, .noTeacher, .noTaughtGradients, .programKeepsStatistics: nil
        case .noProgram: "name the model of the weights with --set teacher.model=NAME"
        case .noUntrainedProgram:
            "train with it, or name a model of `reviewkd models` with --set teacher.model=NAME"
        case .otherTeacher:
            "give the same \(Self.teacherFile(command)), or choose another --output"
        case .otherStudentWeights: "give the same --student-weights, or choose another --output"
        case .otherImages, .otherImageFiles: "give the same --data, or choose another --output"
        case .oneProcess: "leave out --processes, or start the command without a launcher"
        case .smallBatch: "start fewer processes, or use a larger batch with --set batch_size=N"
        case .unlikeProcesses: nil
        }
    }

    private static func teacherFile(_ command: CommandKind) -> String {
        command == .study ? "file in --teachers" : "--teacher file"
    }

    private static func lower(_ what: String, _ kept: Int?, _ command: CommandKind) -> String {
        guard command != .study else { return ownRecipe("a lower \(what)") }
        return "lower \(what)" + elsewhere(kept)
    }

    /// A run that has saved something goes on with its own settings alone.
    private static func elsewhere(_ kept: Int?) -> String {
        kept == nil ? "" : ", and begin anew in another --output"
    }

    private static func smallerBatch(_ kept: Int?, _ command: CommandKind) -> String? {
        switch command {
        case .run where kept == nil: "use a smaller batch with --set batch_size=N"
        case .run:
            "free some memory and repeat the command with --resume, or use a smaller batch with "
                + "--set batch_size=N\(elsewhere(kept))"
        case .study:
            "free some memory and repeat the command, lower --jobs or --together, or "
                + ownRecipe("a smaller batch_size")
        case .bench: "use a smaller batch with --batch-size N"
        case .fetch, .predict, .other: nil
        }
    }

    private static func remedyAtStart(_ term: String, _ hasStudentWeights: Bool) -> String? {
        switch term {
        case "total": nil
        case "cross_entropy" where hasStudentWeights:
            "The numbers in --student-weights are too large: take others, or check "
                + "dataset.normalization"
        case "cross_entropy": "Check dataset.normalization, and try --precision float32"
        default:
            "Check the term's constants in method, the teacher's file and its normalization "
                + "(--teacher-normalization), and try --precision float32"
        }
    }
}

/// How a study is given other settings: its options have none of a recipe's values.
private func ownRecipe(_ with: String) -> String {
    "give a recipe's file of your own with \(with) (reproduce: --schedule FILE; ablate: FILE in place of "
        + "the recipe)"
}

extension RunFolderError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .holdsRun: "repeat its command with --resume to go on, or choose another --output"
        case .foreign(_, let found) where found.hasPrefix("seed-"):
            "repeat their command with --seeds and --resume, or choose another --output"
        case .foreign: "choose another --output"
        case .differs:
            command == .study
                ? "move it away to train the cell anew, repeat the command that began it, or choose another "
                    + "--output"
                : "repeat its own command with --resume, or choose another --output"
        case .inUse: "wait for it, or choose another --output"
        case .unwritable: "choose another --output"
        case .tooSmall: "free some space, or choose another --output"
        case .damaged: "restore it, or choose another --output"
        }
    }
}

extension OwnRunError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .checkpoint(_, weights: nil), .folder(_, weights: nil):
            "go on with the run by --resume to the end of an epoch, which writes "
                + "student-last.safetensors, and take that"
        case .checkpoint, .folder: nil
        }
    }
}

extension TeacherWarning: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        "\(remedy) (--teacher-normalization)"
    }
}

extension BusyMachineRemark: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        threads > 1 ? "\(remedy), or run with --threads 1, which suffers least" : nil
    }
}

extension WeightsRemark: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        let option = isOfStudent ? "--student-weights-key" : "--weights-key"
        return alternatives { ShellWord.option(option, $0) }
    }
}

extension SlowImagesRemark: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        "Take more of them where processors are free (--workers \(2 * workers)), or make the files "
            + "smaller"
    }
}
