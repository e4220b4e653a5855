import Foundation
import VisionModels

/// How long and at which rates the networks of a study are trained.
public enum StudySchedule: Sendable {
    /// The published 240 epochs.
    case paper

    /// The reduced schedule of the `-short` recipes.
    case short

    /// The data, optimizer, schedule, epochs and batch size of a recipe file, with a fifth of its
    /// student's learning rate for a light network, or five times that of a light student for another.
    case file(name: String, Recipe)

    /// Reads `paper`, `short` or the path of a recipe.
    ///
    /// - Throws: `StudyError.unknownSchedule`, or `RecipeError` where the file is no recipe.
    public init(named name: String) throws {
        switch name {
        case "paper": self = .paper
        case "short": self = .short
        default:
            guard FileManager.default.fileExists(atPath: name) else {
                throw StudyError.unknownSchedule(
                    name, nearest: NearestName.find(name, among: ["paper", "short"]))
            }
            let stem = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
            guard stem != "paper", stem != "short" else { throw StudyError.takenSchedule(name) }
            self = .file(name: stem, try Recipe.load(nameOrPath: name))
        }
    }

    /// The schedule that a recipe has by itself: of a shipped one `short` or `paper`, else its own.
    ///
    /// - Parameters:
    ///   - recipe: with overrides.
    ///   - nameOrPath: where it comes from.
    /// - Throws: `StudyError.takenSchedule` where the file has the name of a shipped schedule,
    ///   `.changedSchedule` where a shipped one was overridden.
    public init(of recipe: Recipe, from nameOrPath: String) throws {
        guard Recipe.shipped.contains(nameOrPath) else {
            let schedule = try StudySchedule(named: nameOrPath)
            self = .file(name: schedule.name, recipe)
            return
        }
        let shipped = try Recipe.load(nameOrPath: nameOrPath)
        guard recipe.withSchedule(of: shipped) == recipe else {
            throw StudyError.changedSchedule(recipe: nameOrPath)
        }
        self = nameOrPath.hasSuffix("-short") ? .short : .paper
    }

    /// The name in results.
    public var name: String {
        switch self {
        case .paper: "paper"
        case .short: "short"
        case .file(let name, _): name
        }
    }

    /// The recipe that teaches a student of the zoo with ReviewKD.
    ///
    /// - Throws: `RecipeError` where a shipped recipe is broken.
    public func recipe(for pair: ModelPair) throws -> Recipe {
        let shipped = try load("cifar100/\(pair.name)")
        return adapted(try shipped ?? derived(for: pair), to: pair.student)
    }

    /// The recipe that trains a network alone, to serve as a teacher.
    ///
    /// - Throws: `RecipeError` where a shipped recipe is broken.
    public func recipe(forTeacher model: CIFARModel) throws -> Recipe {
        if let shipped = try load("cifar100/\(model.rawValue)") {
            return adapted(shipped, to: model)
        }
        var recipe = try required("cifar100/resnet56")
        recipe.name = "cifar100/\(model.rawValue)\(suffix)"
        recipe.description = "\(model.rawValue) trained alone, to serve as a teacher"
        recipe.student.model = model.rawValue
        recipe.optimizer.learningRate /= model.rateDivisor
        return adapted(recipe, to: model)
    }

    /// A pair without a recipe of its own.
    private func derived(for pair: ModelPair) throws -> Recipe {
        var recipe = try required("cifar100/resnet56-resnet20")
        recipe.name = "cifar100/\(pair.name)\(suffix)"
        recipe.description = "\(pair.student.rawValue) learns from \(pair.teacher.rawValue)"
        recipe.student.model = pair.student.rawValue
        recipe.teacher?.model = pair.teacher.rawValue
        recipe.optimizer.learningRate /= pair.student.rateDivisor
        let weight = recipe.weightWithoutPublishedOne
        recipe.method.review?.weight = weight
        return recipe
    }

    private var suffix: String {
        if case .short = self { return "-short" }
        return ""
    }

    private func load(_ name: String) throws -> Recipe? {
        guard Recipe.shipped.contains(name + suffix) else { return nil }
        return try Recipe.load(nameOrPath: name + suffix)
    }

    private func required(_ name: String) throws -> Recipe {
        try Recipe.load(nameOrPath: name + suffix)
    }

    private func adapted(_ recipe: Recipe, to model: CIFARModel) -> Recipe {
        guard case .file(let name, let given) = self else { return recipe }
        let ownDivisor = (try? CIFARModel(named: given.student.model))?.rateDivisor ?? 1
        var recipe = recipe.rescaled(epochs: given.epochs).withSchedule(of: given)
        recipe.name += "-\(name)"
        recipe.teacher?.normalization =
            given.teacher?.normalization ?? given.dataset.normalization
        if ownDivisor != model.rateDivisor {
            recipe.optimizer.learningRate =
                given.optimizer.learningRate * ownDivisor / model.rateDivisor
        }
        recipe.precision = given.precision
        return recipe
    }
}

extension Recipe {
    /// The same networks and method with the data, rates and length of another recipe.
    fileprivate func withSchedule(of other: Recipe) -> Recipe {
        var recipe = self
        recipe.dataset = other.dataset
        recipe.validation = other.validation
        recipe.optimizer = other.optimizer
        recipe.schedule = other.schedule
        recipe.epochs = other.epochs
        recipe.batchSize = other.batchSize
        recipe.evaluationBatchSize = other.evaluationBatchSize
        return recipe
    }
}

extension CIFARModel {
    /// How many times lower a learning rate the authors give a light network.
    fileprivate var rateDivisor: Double {
        switch self {
        case .shuffleV1, .shuffleV2, .mobileNetV2: 5
        default: 1
        }
    }
}
