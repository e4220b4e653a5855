import Basics
import Distillation
import Foundation
import Recipes
import TorchNN
import VisionModels

/// How long and at which rates the networks of a study are trained.
public enum StudySchedule: Sendable {
    /// The published 240 epochs.
    case paper

    /// The schedule of the `-medium` recipes, the published one in 60 epochs.
    case medium

    /// The reduced schedule of the `-short` recipes.
    case short

    /// The data, optimizer, schedule, epochs and batch size of a recipe file, with a fifth of its
    /// student's learning rate for a light network, or five times that of a light student for another.
    case file(name: String, Recipe)

    /// The names of schedules that are not a file's.
    static let shipped = named.map(\.name) + ["demo"]

    /// Those that recipes of the zoo have by their names.
    private static let named: [StudySchedule] = [.paper, .medium, .short]

    /// Reads `paper`, `medium`, `short` or the path of a recipe.
    ///
    /// - Throws: `StudyError.unknownSchedule`, `.takenSchedule`, `.unusableSchedule` or `.ofDetectors`, or `RecipeError` where
    ///   the file is no recipe.
    public init(named name: String) throws {
        if let known = Self.named.first(where: { $0.name == name }) {
            self = known
        } else {
            guard FileManager.default.fileExists(atPath: name) else {
                throw StudyError.unknownSchedule(
                    name, nearest: NearestName.find(name, among: Self.named.map(\.name)))
            }
            let stem = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
            guard !Self.shipped.contains(stem) else { throw StudyError.takenSchedule(name) }
            guard Recipe.isName(stem) else { throw StudyError.unusableSchedule(name) }
            let recipe = try Recipe.load(nameOrPath: name)
            guard !recipe.isDetection else { throw StudyError.ofDetectors(recipe: name) }
            self = .file(name: stem, recipe)
        }
    }

    /// The schedule that a recipe has by itself: of a named one that of its name, or `demo`, else its own.
    ///
    /// - Parameters:
    ///   - recipe: with overrides.
    ///   - nameOrPath: where it comes from.
    /// - Throws: `StudyError.ofDetectors`, `.takenSchedule` where the file has the name of a shipped schedule,
    ///   `.changedSchedule` where a named one was overridden, or what `Recipe.load` throws.
    public init(of recipe: Recipe, from nameOrPath: String) throws {
        guard !recipe.isDetection else { throw StudyError.ofDetectors(recipe: nameOrPath) }
        guard try Recipe.text(named: nameOrPath) != nil else {
            let schedule = try StudySchedule(named: nameOrPath)
            self = .file(name: schedule.name, recipe)
            return
        }
        let named = try Recipe.load(nameOrPath: nameOrPath)
        guard recipe.withSchedule(of: named) == recipe else {
            throw StudyError.changedSchedule(recipe: nameOrPath)
        }
        guard !nameOrPath.hasPrefix("demo/") else {
            self = .file(name: "demo", recipe)
            return
        }
        let base = nameOrPath.split(separator: "/").prefix(2).last
        self =
            Self.named.first { !$0.suffix.isEmpty && base?.hasSuffix($0.suffix) == true } ?? .paper
    }

    /// The name in results.
    public var name: String {
        switch self {
        case .paper: "paper"
        case .medium: "medium"
        case .short: "short"
        case .file(let name, _): name
        }
    }

    /// The arithmetic, where a recipe names one.
    public var precision: Precision? {
        if case .file(_, let recipe) = self { return recipe.precision }
        return nil
    }

    /// The recipe that teaches a student of the zoo with ReviewKD.
    ///
    /// - Throws: `RecipeError` where a shipped recipe is broken.
    public func recipe(for pair: ModelPair) throws -> Recipe {
        adapted(
            try Recipe.load(nameOrPath: Recipe.name(of: [pair.teacher, pair.student]) + suffix),
            to: pair.student)
    }

    /// The recipe that trains a network alone, to serve as a teacher.
    ///
    /// - Throws: `RecipeError` where a shipped recipe is broken.
    public func recipe(forTeacher model: Architecture) throws -> Recipe {
        // A schedule's file may have what only a student with a teacher can use.
        adapted(try Recipe.load(nameOrPath: Recipe.name(of: [model]) + suffix), to: model)
            .studentAlone
    }

    private var suffix: String {
        switch self {
        case .paper, .file: ""
        case .medium: "-medium"
        case .short: "-short"
        }
    }

    private func adapted(_ recipe: Recipe, to model: Architecture) -> Recipe {
        guard case .file(let name, let given) = self else { return recipe }
        let ownDivisor = (try? Architecture(named: given.student.model))?.rateDivisor ?? 1
        var recipe = recipe.rescaled(epochs: given.epochs).withSchedule(of: given)
        recipe.name += "-\(name)"
        recipe.teacher?.normalization =
            given.teacher?.normalization ?? given.dataset.normalization
        if ownDivisor != model.rateDivisor {
            recipe.optimizer.learningRate =
                given.optimizer.learningRate * ownDivisor / model.rateDivisor
        }
        recipe.precision = given.precision
        recipe.distributed = given.distributed
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
        recipe.labelSmoothing = other.labelSmoothing
        recipe.averaging = other.averaging
        recipe.epochs = other.epochs
        recipe.batchSize = other.batchSize
        recipe.evaluationBatchSize = other.evaluationBatchSize
        return recipe
    }
}
