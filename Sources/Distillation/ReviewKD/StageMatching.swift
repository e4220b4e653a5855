import VisionModels

/// Which student level learns from which teacher level.
///
/// Levels count from 0, from shallow to deep: of a backbone its stages, the pooled features last; of a
/// detector those of its feature pyramid network.
public struct StageMatching: Sendable, Equatable {
    /// One student level and one teacher level.
    public struct Link: Sendable, Equatable {
        /// The student's level.
        public let student: Int

        /// The teacher's level.
        public let teacher: Int

        /// Links two levels.
        public init(student: Int, teacher: Int) {
            self.student = student
            self.teacher = teacher
        }
    }

    /// The links from shallow to deep.
    public let links: [Link]

    /// What a user should know about the choice, where levels were left out.
    public let remark: String?

    /// Matches the levels of two networks from the deepest up.
    ///
    /// With unequal numbers the longer network's shallow levels are left out, with a remark.
    ///
    /// - Parameters:
    ///   - student: the student's levels.
    ///   - teacher: the teacher's levels.
    /// - Throws: `DistillationError.tooFewStages` where fewer than two levels can be matched.
    public init(
        student: [LevelInfo], teacher: [LevelInfo]
    ) throws(DistillationError) {
        let (studentCount, teacherCount) = (student.count, teacher.count)
        let count = min(studentCount, teacherCount)
        guard count >= 2 else {
            throw .tooFewStages(student: studentCount, teacher: teacherCount)
        }
        links = (0..<count).map {
            Link(student: studentCount - count + $0, teacher: teacherCount - count + $0)
        }
        remark = remarkOnLeftOut("levels", student: studentCount, teacher: teacherCount)
    }

    /// Takes links from a recipe.
    ///
    /// - Parameters:
    ///   - links: in any order.
    ///   - least: how many there must be; the residual framework has nothing to review with one.
    ///   - student: the student's levels.
    ///   - teacher: the teacher's levels.
    /// - Throws: `DistillationError` where a level does not exist or fewer than `least` are linked.
    public init(
        links: [Link], atLeast least: Int = 2, student: [LevelInfo], teacher: [LevelInfo]
    ) throws(DistillationError) {
        let (studentCount, teacherCount) = (student.count, teacher.count)
        for link in links {
            guard (0..<studentCount).contains(link.student) else {
                throw .noSuchStage(network: "student", stage: link.student, count: studentCount)
            }
            guard (0..<teacherCount).contains(link.teacher) else {
                throw .noSuchStage(network: "teacher", stage: link.teacher, count: teacherCount)
            }
        }
        guard links.count >= least else { throw .tooFewLinks(links.count, atLeast: least) }
        self.links = links.sorted { ($0.student, $0.teacher) < ($1.student, $1.teacher) }
        remark = nil
    }
}

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
    case notForDetectors(method: String)
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
        case .notForDetectors(let method):
            "\(method) is not made for detectors. Expected reviewkd. Choose that method."
        case .oneClass:
            "crd tells an image from those of other classes, but all training images are of one class. "
                + "Choose another method."
        }
    }
}
