import Basics
import Torch

/// A run that cannot go on.
public enum TrainingError: Error, CustomStringConvertible {
    case notFinite(term: String, value: Double, epoch: Int, step: Int, lastGoodStep: Int?)
    case notFiniteAtStart(term: String, value: Double, hasStudentWeights: Bool)
    case teacherNotFinite(model: String, images: Int)
    case brokenState(tensor: String, step: Int, lastGoodStep: Int?)
    case notFiniteJudged(images: String, value: Double, epoch: Int, lastGoodStep: Int?)
    case outOfMemory(batchSize: Int, reason: String, fitting: Int?, lastGoodStep: Int?)
    case evaluationOutOfMemory(batchSize: Int, reason: String)
    case device(String, reason: String, lastGoodStep: Int?)
    case splitTooLarge(split: Int, count: Int)
    case noTeacher(method: String)
    case noTaughtGradients
    case noProgram(path: String)
    case programKeepsStatistics
    case noUntrainedProgram
    case otherTeacher(expected: String?, found: String?)
    case otherStudentWeights(expected: String?, found: String?)
    case otherImages(kind: String, expected: Int, found: Int)
    case otherImageFiles(folder: String, list: String, difference: String)
    case oneProcess(what: String, processes: Int)
    case smallBatch(size: Int, processes: Int)
    case unlikeProcesses(what: String, ranks: [Int])

    /// What happened, what was expected, and the remedy.
    public var description: String { sentences(problem, remedy) }

    /// The same without the remedy.
    package var problem: String {
        switch self {
        case .notFinite(let term, let value, let epoch, let step, let lastGoodStep):
            "the loss term '\(term)' is \(value.isNaN ? .nan : value) at step \(step) (epoch \(epoch)). "
                + "Expected a finite number.\(Self.kept(lastGoodStep))"
        case .notFiniteJudged(let images, let value, let epoch, let lastGoodStep):
            "after epoch \(epoch) the student's loss on the \(images) images is "
                + "\(value.isNaN ? .nan : value). Expected a finite number.\(Self.kept(lastGoodStep))"
        case .notFiniteAtStart(let term, let value, _):
            "the loss term '\(term)' is \(value.isNaN ? .nan : value) at the first step. Expected a finite "
                + "number."
        case .teacherNotFinite(let model, let images):
            "the teacher \(model) gives infinite logits or NaN on some of \(images) images. Expected "
                + "finite numbers."
        case .brokenState(let tensor, let step, let lastGoodStep):
            "the tensor '\(tensor)' holds infinite values or NaN after step \(step). Expected "
                + "finite numbers.\(Self.kept(lastGoodStep))"
        case .outOfMemory(let batchSize, let reason, let fitting, let lastGoodStep):
            "a step with batch size \(batchSize) does not fit into memory (\(reason))."
                + (fitting.map { " A batch size of \($0) would fit." } ?? "")
                + Self.kept(lastGoodStep)
        case .evaluationOutOfMemory(let batchSize, let reason):
            "evaluating \(batchSize) images at a time does not fit into memory (\(reason))."
        case .device(let device, let reason, let lastGoodStep):
            "the device '\(device)' failed (\(reason)).\(Self.kept(lastGoodStep))"
        case .splitTooLarge(let split, let count):
            "validation.split holds out \(split) of \(count) training images. Expected fewer."
        case .noTeacher(let method):
            "the method \(method) needs a teacher, but none was given."
        case .noTaughtGradients:
            "optimizer.dot keeps the teacher's gradients apart from the labels', and a student that is trained "
                + "alone has none."
        case .noProgram(let path):
            "the recipe's teacher.model is 'program', but \(path) holds weights. Expected TorchScript, or a "
                + "package of AOTInductor."
        case .programKeepsStatistics:
            "the teacher is a program, whose batch norms keep the statistics that it was saved with. Expected "
                + "teacher.batch_norm: frozen."
        case .noUntrainedProgram:
            "the teacher is a program, so only its file knows the network. Expected a teacher of the list for "
                + "networks that are made without a file, as for estimates, benchmarks and studies."
        case .otherTeacher(let expected, let found):
            "the run was begun with another teacher. Expected \(Self.file(expected)), found "
                + "\(Self.file(found))."
        case .otherStudentWeights(let expected, let found):
            "the run was begun from other weights of the student. Expected \(Self.file(expected)), found "
                + "\(Self.file(found))."
        case .otherImages(let kind, let expected, let found):
            "the run was begun with \(expected) \(kind) images, but now there are \(found)."
        case .otherImageFiles(let folder, let list, let difference):
            "\(folder) does not hold the images that the run was begun with, which \(list) lists. "
                + "\(difference)."
        case .oneProcess(let what, let processes):
            "\(processes) processes were started, but \(what) needs one that does all the work."
        case .smallBatch(let size, let processes):
            "batch_size is \(size), for \(processes) processes. Expected at least one image for each."
        case .unlikeProcesses(let what, let ranks):
            "the processes do not do the same: rank\(ranks.count > 1 ? "s" : "") "
                + "\(ranks.map(String.init).joined(separator: ", ")) differ\(ranks.count > 1 ? "" : "s") from "
                + "rank 0 in \(what)."
        }
    }

    private var remedy: String {
        switch self {
        case .notFinite: "lower optimizer.learning_rate or the term's weight"
        case .notFiniteJudged, .brokenState:
            "lower optimizer.learning_rate or optimizer.weight_decay"
        case .notFiniteAtStart(let term, _, let hasStudentWeights):
            Self.notTheRate + Self.remedyAtStart(term, hasStudentWeights)
        case .teacherNotFinite: "give another file, or check its normalization"
        case .outOfMemory: "use a smaller batch"
        case .evaluationOutOfMemory: "use a smaller evaluation_batch_size"
        case .device: "resume the run, or see what the driver reports (dmesg)"
        case .splitTooLarge: "lower validation.split"
        case .noTeacher: "give one, or train the student alone"
        case .noTaughtGradients: "leave optimizer.dot out"
        case .noProgram: "name the model of the weights"
        case .programKeepsStatistics: "leave teacher.batch_norm out"
        case .noUntrainedProgram: "name a model of the list in teacher.model"
        case .otherTeacher: "give the same file, or choose another folder"
        case .otherStudentWeights: "give the same ones, or choose another folder"
        case .otherImages, .otherImageFiles: "give the same ones, or choose another folder"
        case .oneProcess: "start one process"
        case .smallBatch: "start fewer processes, or use a larger batch_size"
        case .unlikeProcesses: "start every process with the same program, command and files"
        }
    }

    /// What is said of a first step before its remedy.
    package static let notTheRate =
        "nothing has been learned yet, so the learning rate is not the cause. "

    private static func remedyAtStart(_ term: String, _ hasStudentWeights: Bool) -> String {
        switch term {
        case "total": "Lower the terms' weights in method"
        case "cross_entropy" where hasStudentWeights:
            "The numbers in the student's weights are too large: take others, or check "
                + "dataset.normalization"
        case "cross_entropy": "Check dataset.normalization, and try float32"
        default:
            "Check the term's constants in method, the teacher's file and its normalization, and try "
                + "float32"
        }
    }

    private static func file(_ digest: String?) -> String {
        digest.map { "a file with SHA-256 \($0.prefix(16))…" } ?? "no file"
    }

    private static func kept(_ step: Int?) -> String {
        step.map { " The checkpoint of step \($0) is kept." } ?? ""
    }
}
