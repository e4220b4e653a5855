import Distillation
import Recipes
import Torch
import Training
import VisionData

extension Study {
    /// Puts each kind of cell together once with fresh networks, so that what does not fit is told before
    /// anything is trained.
    ///
    /// - Parameters:
    ///   - cells: what is to be run.
    ///   - data: the images.
    /// - Throws: `StudyError.unfit` with the first cell that cannot be made.
    func requireMatches(of cells: [Cell], data: TrainingData) throws {
        let images = ImageFacts(data)
        var kinds: Set<String> = []
        for cell in cells {
            var kind = cell.recipe
            kind.seed = 0
            guard kinds.insert(kind.digest).inserted else { continue }
            do {
                _ = try kind.makeUntrainedDistiller(
                    classCount: data.train.classCount, precision: settings.precision, device: .cpu,
                    images: images)
            } catch {
                throw StudyError.unfit(cell: "\(cell.key)", reason: "\(error)")
            }
        }
    }
}
