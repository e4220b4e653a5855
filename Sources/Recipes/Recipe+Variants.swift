import Distillation
import RecipeSyntax
import TorchNN
import VisionData

extension Recipe {
    /// The same recipe over another number of epochs.
    ///
    /// Milestones and a warm-up in epochs keep their share of the run, rounded to the nearest epoch, a
    /// half upwards. Fractions of the run stay as they are. In a run too short for all of them, a
    /// milestone that would fall on epoch 0, on another milestone or on the end is dropped (without any
    /// left the rate is constant), and the warm-up ends before the last epoch. A warm-up in steps stays.
    ///
    /// - Parameter epochs: The new length, at least 1.
    /// - Returns: A recipe that is as valid as this one.
    /// - Precondition: `epochs` is at least 1.
    public func rescaled(epochs: Int) -> Recipe {
        precondition(epochs >= 1, "Recipe.rescaled: epochs must be at least 1; found \(epochs)")
        let ratio = Double(epochs) / Double(self.epochs)
        func scaled(_ epoch: Int) -> Int { Int((Double(epoch) * ratio).rounded()) }

        var recipe = self
        recipe.epochs = epochs
        if case .multiStep(let steps) = schedule {
            let kept = steps.milestones.map(scaled).reduce(into: [Int]()) { kept, milestone in
                if milestone > kept.last ?? 0, milestone < epochs { kept.append(milestone) }
            }
            var shorter = steps
            shorter.milestones = kept
            let isConstant = kept.isEmpty && steps.warmupSteps == 0
            recipe.schedule = isConstant ? .constant : .multiStep(shorter)
        }
        if case .epochs(let warmup) = method.review?.term.warmup {
            recipe.method.review?.term.warmup = .epochs(min(scaled(warmup), epochs - 1))
        }
        recipe.method.constants = method.constants.mapValues {
            $0.rescaled(from: self.epochs, to: epochs)
        }
        return recipe
    }

    /// The same recipe for the student alone: cross-entropy only, without a teacher and with one momentum.
    public var studentAlone: Recipe {
        var recipe = self
        recipe.teacher = nil
        recipe.optimizer.options.dot = nil
        recipe.method = MethodSettings(names: [.alone], crossEntropyWeight: 1)
        return recipe
    }

    /// The same recipe with other methods, each with its published constants.
    ///
    /// The review term keeps this recipe's settings where it has them; a published weight becomes the one that is
    /// published beside the other methods.
    ///
    /// - Parameter names: the methods; `alone` gives `studentAlone`.
    /// - Returns: a recipe that is as valid as this one.
    /// - Throws: `RecipeError.noPublishedReview` where a review term is to be made for a model that is not
    ///   of the zoo, or `.contradiction` where the methods do not go together, or not with this recipe's images.
    /// - Precondition: this recipe has a teacher, or `names` is `alone`.
    public func taught(by names: [MethodSettings.Name]) throws(RecipeError) -> Recipe {
        guard names != [.alone] else { return studentAlone }
        try requireFit(of: names)
        precondition(teacher != nil, "Recipe.taught: the recipe \(name) has no teacher")
        var recipe = self
        let use = use(of: names)
        recipe.method = MethodSettings(published: names, for: use)
        if names.contains(.reviewkd) {
            if let review = method.review {
                recipe.method.review = review.moved(from: self.use(of: method.names), to: use)
            } else {
                recipe.method.review = try ReviewSettings.published(for: use)
            }
        }
        return recipe
    }

    /// Refuses methods that do not go together, or not with this recipe's images.
    private func requireFit(of names: [MethodSettings.Name]) throws(RecipeError) {
        let text = names.map(\.rawValue).joined(separator: "+")
        let problem: String
        if let refinement = names.first(where: \.refinesReview), !names.contains(.reviewkd) {
            problem =
                "\(refinement.rawValue) changes the review and is nothing without reviewkd; join it"
        } else if names.contains(.crd), dataset.augmentation.secondView != nil {
            problem = Self.twoViewsOfOneMemory
        } else {
            return
        }
        throw .contradiction(.override("method=\(text)"), key: "method", problem: problem)
    }

    /// Why a second view and CRD do not go together.
    static let twoViewsOfOneMemory =
        "dataset.augmentation.second_view shows each image twice in a batch, and crd remembers one embedding of "
        + "each; leave one of them out"

    /// The same recipe, which can be written and read.
    ///
    /// - Throws: as reading its text does.
    package func validated() throws(RecipeError) -> Recipe {
        do {
            return try Recipe(yaml: yaml, file: name)
        } catch let error as RecipeError {
            throw error
        } catch {
            preconditionFailure("a recipe's text gave an error of another kind: \(error)")
        }
    }

    /// What methods are used for by this recipe.
    package func use(of names: [MethodSettings.Name]) -> MethodUse {
        MethodUse(
            names: names.map(\.rawValue), teacher: teacher?.model, student: student.model,
            epochs: epochs, isDetection: isDetection)
    }
}
