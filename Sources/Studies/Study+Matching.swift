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
    /// - Throws: `StudyError.unfit` with the first cell that cannot be made, or `.oneProcess` with one that several
    ///   processes cannot run.
    func requireMatches(of cells: [Cell], data: TrainingData) throws {
        let images = ImageFacts(data)
        var kinds: Set<String> = []
        for cell in cells {
            var kind = cell.recipe
            kind.seed = 0
            guard kinds.insert(kind.digest).inserted else { continue }
            // There may be hundreds, and nobody is to take that for a failure.
            try settings.processes.give(.wait)
            do {
                let distiller = try kind.makeUntrainedDistiller(
                    classCount: data.train.classCount, precision: settings.precision, device: .cpu,
                    images: images)
                try kind.requireShares(of: settings.processes, distiller)
            } catch TrainingError.oneProcess(let what, let processes) {
                throw StudyError.oneProcess(cell: "\(cell.key)", what: what, processes: processes)
            } catch {
                throw StudyError.unfit(cell: "\(cell.key)", reason: "\(error)")
            }
        }
    }
}
