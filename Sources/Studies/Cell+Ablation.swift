import Distillation
import Recipes
import TorchNN

extension Cell {
    /// The cells of an ablation: the student alone, the whole method, then each setting that differs
    /// from it; seeds outermost.
    ///
    /// - Parameters:
    ///   - ablation: what is varied.
    ///   - recipe: ReviewKD's of a pair.
    ///   - schedule: the schedule's name.
    ///   - seeds: of the runs.
    ///   - precision: of all of them.
    /// - Returns: the cells in the order of their running.
    /// - Throws: `StudyError.noTeacher` where the recipe is none of ReviewKD, `ModelError`, or
    ///   `DistillationError`.
    public static func all(
        _ ablation: Ablation, of recipe: Recipe, schedule: String, seeds: [Int],
        precision: Precision
    ) throws -> [Cell] {
        guard let pair = try recipe.pair, let review = recipe.method.review else {
            throw StudyError.noTeacher(recipe: recipe.name)
        }
        let settings = try ablation.settings(of: review, for: pair).filter { $0.review != review }
        return seeds.flatMap { seed in
            var whole = recipe
            whole.seed = seed
            whole.precision = precision
            func cell(_ method: String, _ recipe: Recipe) -> Cell {
                Cell(pair: pair.name, method: method, schedule: schedule, recipe: recipe)
            }
            return [cell("alone", whole.studentAlone), cell(whole.method.name, whole)]
                + settings.map { setting in
                    var varied = whole
                    varied.method.review = setting.review
                    return cell("\(ablation.rawValue)/\(setting.name)", varied)
                }
        }
    }
}
