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
