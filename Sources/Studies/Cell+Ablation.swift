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
        let whole = ablation.whole(of: recipe)
        guard let pair = try recipe.pair, let variants = try ablation.variants(of: whole) else {
            throw StudyError.noTeacher(recipe: recipe.name)
        }
        return seeds.flatMap { seed in
            func cell(_ method: String, _ recipe: Recipe) -> Cell {
                var recipe = recipe
                recipe.seed = seed
                recipe.precision = precision
                return Cell(pair: pair.name, method: method, schedule: schedule, recipe: recipe)
            }
            return [cell("alone", whole.studentAlone), cell(whole.method.name, whole)]
                + variants.map { cell("\(ablation.rawValue)/\($0.name)", $0.recipe) }
        }
    }
}
