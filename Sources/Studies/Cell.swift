import Distillation
import Recipes
import TorchNN
import VisionModels

/// One training run of a study.
public struct Cell: Sendable {
    /// What tells a cell from the others of its study.
    public struct Key: Hashable, Sendable, CustomStringConvertible {
        /// Teacher and student as in recipes; of a teacher's own training the model.
        public var pair: String

        /// The method, or an ablation and its setting, as `stages/3-1`.
        public var method: String

        /// The origin of the run's random numbers.
        public var seed: Int

        /// The schedule's name.
        public var schedule: String

        /// The folder of the cell's run below the study's.
        var folder: String { "runs/\(schedule)/\(pair)/\(method)/seed-\(seed)" }

        /// The key as it reads in messages.
        public var description: String { "\(pair), \(method), \(schedule), seed \(seed)" }
    }

    /// The name of the method under which a teacher's own training stands.
    public static let teacherMethod = "teacher"

    /// What tells it from the others.
    public let key: Key

    /// What to do.
    public let recipe: Recipe

    /// The teacher's model, where there is one.
    var teacher: Architecture? { recipe.teacher.flatMap { try? Architecture(named: $0.model) } }

    /// Whether it trains a teacher.
    var isTeacher: Bool { key.method == Self.teacherMethod }

    /// Describes a cell.
    public init(pair: String, method: String, schedule: String, recipe: Recipe) {
        key = Key(pair: pair, method: method, seed: recipe.seed, schedule: schedule)
        self.recipe = recipe
    }

    /// The same with a teacher that was trained with another normalisation.
    public func with(teacherNormalization: NormalizationSettings) -> Cell {
        var recipe = recipe
        recipe.teacher?.normalization = teacherNormalization
        return Cell(pair: key.pair, method: key.method, schedule: key.schedule, recipe: recipe)
    }

    /// Refuses a result that was made with other settings.
    ///
    /// - Throws: `StudyError.differs`.
    func requireSettings(of result: CellResult, in path: String) throws(StudyError) {
        guard result.recipe != recipe.digest else { return }
        throw .differs(cell: "\(key)", path: path, expected: recipe.digest, found: result.recipe)
    }

    /// The folder of its run below the study's.
    package var folder: String { key.folder }
}

extension Cell {
    /// The cells of pairs, methods and seeds, seeds outermost, so that every method has one result
    /// before any has two; the students alone come first.
    ///
    /// - Parameters:
    ///   - pairs: teacher and student each.
    ///   - methods: lists of joined names; `alone` is added where it lacks.
    ///   - seeds: of the runs.
    ///   - schedule: of all of them.
    ///   - precision: of all of them.
    /// - Returns: the cells in the order of their running.
    /// - Throws: what reading a shipped recipe throws.
    public static func all(
        pairs: [ModelPair], methods: [[MethodSettings.Name]], seeds: [Int],
        schedule: StudySchedule, precision: Precision
    ) throws -> [Cell] {
        let methods = [[.alone]] + methods.filter { $0 != [.alone] }
        let recipes = try pairs.map { try schedule.recipe(for: $0) }
        return try seeds.flatMap { seed in
            try zip(pairs, recipes).flatMap { pair, recipe in
                try methods.map { names in
                    var taught = try recipe.taught(by: names)
                    taught.seed = seed
                    taught.precision = precision
                    return Cell(
                        pair: pair.name, method: taught.method.name, schedule: schedule.name,
                        recipe: taught)
                }
            }
        }
    }

    /// The cell that trains a teacher.
    static func teacher(
        _ model: Architecture, schedule: StudySchedule, precision: Precision
    ) throws -> Cell {
        var recipe = try schedule.recipe(forTeacher: model)
        recipe.precision = precision
        return Cell(
            pair: model.name, method: teacherMethod, schedule: schedule.name, recipe: recipe)
    }
}
