/// A teacher and a student, or their settings, that cannot work together.
public enum DistillationError: Error, Equatable, CustomStringConvertible {
    case tooFewStages(student: Int, teacher: Int)
    case tooFewLinks(Int, atLeast: Int)
    case noSuchStage(network: String, stage: Int, count: Int)
    case severalTargets(student: Int)
    case noStage(method: String, network: String, stage: Int, count: Int)
    case noRegressor(student: Int, teacher: Int)
    case noMargins(teacher: String)
    case oneClass
    case noClassMean(method: String, classes: Int, of: Int)
    case notForDetectors(method: String, known: [String])
    case noRegions(method: String, network: String)
    case otherPyramid(student: [Int], teacher: [Int])

    /// What does not fit, what was expected, and the remedy.
    public var description: String {
        switch self {
        case .tooFewStages(let student, let teacher):
            "teacher and student cannot be matched: the number of levels is \(student) in the student and "
                + "\(teacher) in the teacher. Expected at least 2 in each. Choose other models."
        case .tooFewLinks(let count, let least):
            "teacher and student cannot be matched: the number of links in `stages:` is \(count). Expected "
                + "at least \(least). Name more"
                + (least > 1 ? ", or set `residual: false`, which needs only one." : ".")
        case .noSuchStage(let network, let stage, let count):
            "teacher and student cannot be matched: `stages:` names stage \(stage + 1) of the "
                + "\(network). Expected 1 to \(count), of which the last is the pooled vector. "
                + "Correct the number."
        case .severalTargets(let student):
            "teacher and student cannot be matched: `stages:` gives stage \(student + 1) of the student "
                + "more than one stage of the teacher. Expected one teacher stage for each student stage. "
                + "Name one, or set `residual: false`, which allows several."
        case .noStage(let method, let network, let stage, let count):
            "\(method) is to use stage \(stage) of the \(network). Expected 1 to \(count). Choose another "
                + "`method.\(method).stage`."
        case .noRegressor(let student, let teacher):
            "fitnet has no regressor from a map of height \(student) to one of height \(teacher). Expected "
                + "a map of the teacher that is at most twice as high. Choose another `method.fitnet.stage`."
        case .noMargins(let teacher):
            "ofd takes a margin for each channel from the batch norm at the end of a teacher's stage. The "
                + "stages of \(teacher) do not end in one. Choose another teacher or method."
        case .otherPyramid(let student, let teacher):
            "teacher and student cannot be matched: the pyramid of the student has levels of stride "
                + "\(student.map(String.init).joined(separator: ", ")), and that of the teacher of "
                + "\(teacher.map(String.init).joined(separator: ", ")). Expected the same. Choose a teacher of the "
                + "student's family."
        case .notForDetectors(let method, let known):
            "\(method) is not made for detectors. Expected reviewkd or one of "
                + "\(known.joined(separator: ", ")). Choose such a method."
        case .noRegions(let method, let network):
            "\(method) compares what two detectors say of regions, and the \(network) judges none. Expected two "
                + "detectors of the R-CNN family. Choose others, or the method reviewkd."
        case .noClassMean(let method, let classes, let count):
            "\(method) compares with the mean of each class over the training images, and \(classes) of the "
                + "\(count) classes have none. Expected an image of each. Hold fewer out for validation, or choose "
                + "another method."
        case .oneClass:
            "crd tells an image from those of other classes, but all training images are of one class. "
                + "Choose another method."
        }
    }
}
