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
    case noDataFolder(dataset: String)
    case noTeacher(method: String)
    case otherTeacher(expected: String?, found: String?)
    case otherStudentWeights(expected: String?, found: String?)
    case otherImages(kind: String, expected: Int, found: Int)

    /// One sentence with the remedy.
    public var description: String {
        switch self {
        case .notFinite(let term, let value, let epoch, let step, let lastGoodStep):
            "the loss term '\(term)' is \(value.isNaN ? .nan : value) at step \(step) "
                + "(epoch \(epoch)), expected a finite number; \(Self.kept(lastGoodStep))"
                + "lower optimizer.learning_rate or the term's weight\(Self.elsewhere(lastGoodStep))"
        case .notFiniteJudged(let images, let value, let epoch, let lastGoodStep):
            "after epoch \(epoch) the student's loss on the \(images) images is "
                + "\(value.isNaN ? .nan : value), expected a finite number; \(Self.kept(lastGoodStep))"
                + "lower optimizer.learning_rate or optimizer.weight_decay\(Self.elsewhere(lastGoodStep))"
        case .notFiniteAtStart(let term, let value, let hasStudentWeights):
            "the loss term '\(term)' is \(value.isNaN ? .nan : value) at the first step, expected a finite "
                + "number; nothing has been learned yet, so that the learning rate is not at fault: "
                + Self.remedyAtStart(term, hasStudentWeights)
        case .teacherNotFinite(let model, let images):
            "the teacher \(model) gives infinite logits or NaN on some of \(images) images, expected "
                + "finite numbers; give another --teacher file, or check its normalization "
                + "(--teacher-normalization)"
        case .brokenState(let tensor, let step, let lastGoodStep):
            "the tensor '\(tensor)' holds infinite values or NaN after step \(step), expected "
                + "finite numbers; \(Self.kept(lastGoodStep))lower optimizer.learning_rate or "
                + "optimizer.weight_decay\(Self.elsewhere(lastGoodStep))"
        case .outOfMemory(let batchSize, let reason, let fitting, let lastGoodStep):
            "a step with batch size \(batchSize) does not fit into memory (\(reason)); "
                + (fitting.map { "\($0) would fit; " } ?? "")
                + (lastGoodStep == nil
                    ? "use a smaller one with --set batch_size=N (bench: --batch-size N)"
                    : "\(Self.kept(lastGoodStep))free some and repeat the command with --resume, or use a "
                        + "smaller one with --set batch_size=N\(Self.elsewhere(lastGoodStep))")
        case .evaluationOutOfMemory(let batchSize, let reason):
            "evaluating \(batchSize) images at a time does not fit into memory (\(reason)); free some, "
                + "or in a run use --set evaluation_batch_size=N"
        case .device(let device, let reason, let lastGoodStep):
            "the device '\(device)' failed (\(reason)); \(Self.kept(lastGoodStep))"
                + "repeat the command with --resume, or see what the driver reports (dmesg)"
        case .splitTooLarge(let split, let count):
            "validation.split holds out \(split) of \(count) training images, expected fewer; "
                + "lower it"
        case .noDataFolder(let dataset):
            "the recipe trains on \(dataset), but --data is missing; name the folder that holds the "
                + "data set, or get it with `reviewkd datasets fetch \(dataset) --data DIR`"
        case .noTeacher(let method):
            "the method \(method) needs a teacher, but none was given; give one, or train the student "
                + "alone"
        case .otherTeacher(let expected, let found):
            "the run was begun with another teacher (SHA-256 \(Self.short(expected)), now "
                + "\(Self.short(found))); give the same --teacher file, or choose another --output"
        case .otherStudentWeights(let expected, let found):
            "the run was begun from other weights of the student (SHA-256 \(Self.short(expected)), "
                + "now \(Self.short(found))); give the same --student-weights, or choose another "
                + "--output"
        case .otherImages(let kind, let expected, let found):
            "the run was begun with \(expected) \(kind) images, now there are \(found); give the "
                + "same --data, or choose another --output"
        }
    }

    private static func remedyAtStart(_ term: String, _ hasStudentWeights: Bool) -> String {
        switch term {
        case "total": "lower the terms' weights in method"
        case "cross_entropy" where hasStudentWeights:
            "the numbers in --student-weights are too large; take others, or check "
                + "dataset.normalization"
        case "cross_entropy": "check dataset.normalization, and try --precision float32"
        default:
            "check the term's constants in method, the teacher's file and its normalization "
                + "(--teacher-normalization), and try --precision float32"
        }
    }

    private static func short(_ digest: String?) -> String {
        digest.map { "\($0.prefix(16))…" } ?? "none"
    }

    private static func kept(_ step: Int?) -> String {
        step.map { "the checkpoint of step \($0) is kept; " } ?? ""
    }

    /// A run that has saved something goes on with its own settings alone.
    private static func elsewhere(_ lastGoodStep: Int?) -> String {
        lastGoodStep == nil ? "" : ", and begin anew in another --output"
    }
}
