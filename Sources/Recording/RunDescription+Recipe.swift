import Basics
import Foundation
import Recipes
import RecordStore
import Training

extension RunDescription {
    /// Describes a run by its recipe.
    ///
    /// - Parameters:
    ///   - recipe: as resolved.
    ///   - folder: the run's.
    ///   - kind: the command, such as `train`.
    ///   - root: the folder that the records lie in, from which the run has its name.
    package init(_ recipe: Recipe, in folder: String, kind: String, below root: String) {
        let folder = Self.whole(folder)
        let root = Self.whole(root)
        let name =
            folder.hasPrefix(root + "/")
            ? String(folder.dropFirst(root.count + 1))
            : URL(fileURLWithPath: folder).lastPathComponent
        var unseeded = recipe
        unseeded.seed = 0
        self.init(
            folder: folder, name: name, kind: kind, recipe: recipe.name, recipeText: recipe.yaml,
            settings: recipe.values, seedGroup: unseeded.digest,
            method: recipe.teacher == nil ? "alone" : recipe.method.name, seed: recipe.seed,
            epochs: recipe.epochs, score: recipe.isDetection ? "AP" : "top1")
    }
}
