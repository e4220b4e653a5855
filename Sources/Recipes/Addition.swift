import Distillation
import RecipeSyntax
import TorchNN
import VisionData

/// What later papers add to ReviewKD, with the constants that they publish.
///
/// Source of the constants: the authors' programs, but for `ema`, whose decay is the project's own: a mean over about
/// a thousand steps.
enum Addition: String, CaseIterable {
    /// Norm and direction of pooled features (ReviewKD++).
    case nd

    /// Entropy weights of the review.
    case ea

    /// Plain distillation of standardised logits.
    case standardizedKD = "kd-standardized"

    /// Multi-level logit distillation.
    case mlkd

    /// Two momenta.
    case dot

    /// A mean of the student's weights.
    case ema

    /// A second view by RandAugment, with the losses on both.
    case secondView = "second-view"

    /// Several of them, as `nd+ema`; nil where a name is unknown or stands twice.
    static func joined(_ text: String) -> [Addition]? {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let additions = parts.compactMap(Addition.init)
        guard additions.count == parts.count, Set(parts).count == parts.count else { return nil }
        return additions
    }

    /// A recipe with this in addition.
    ///
    /// - Parameter recipe: one of ReviewKD.
    /// - Returns: a valid recipe.
    /// - Throws: `RecipeError` where the recipe does not take it.
    func added(to recipe: Recipe) throws(RecipeError) -> Recipe {
        var added = recipe
        switch self {
        case .nd: added = try recipe.taught(also: .nd)
        case .ea: added = try recipe.taught(also: .ea)
        case .mlkd: added = try recipe.taught(also: .mlkd)
        case .standardizedKD:
            added = try recipe.taught(also: .kd)
            added.method[KnowledgeDistillation.self] = .init(
                temperature: 2, weight: 9, standardize: true)
        case .dot: added.optimizer.options.dot = recipe.dataset.images.hasPhotographs ? 0.09 : 0.075
        case .ema: added.averaging = WeightAverage.Options(decay: 0.999)
        case .secondView: added.dataset.augmentation.secondView = .randaugment
        }
        return try added.validated()
    }
}

extension Recipe {
    /// The same recipe with one method more, those that it has unchanged.
    fileprivate func taught(also name: MethodSettings.Name) throws(RecipeError) -> Recipe {
        guard !method.names.contains(name) else { return self }
        var recipe = try taught(by: method.names + [name])
        recipe.method.crossEntropyWeight = method.crossEntropyWeight
        for (known, constants) in method.constants { recipe.method.constants[known] = constants }
        return recipe
    }
}
