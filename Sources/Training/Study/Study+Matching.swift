import Distillation
import Torch
import TorchNN
import VisionModels

extension Study {
    /// Puts each kind of cell together once with fresh networks, so that what does not fit is told before
    /// anything is trained.
    ///
    /// - Parameters:
    ///   - cells: what is to be run.
    ///   - data: the images.
    /// - Throws: `StudyError.unfit` with the first cell that cannot be made.
    func requireMatches(of cells: [Cell], data: TrainingData) throws {
        var teachers: [String: Teacher] = [:]
        var kinds: Set<String> = []
        for cell in cells {
            var kind = cell.recipe
            kind.seed = 0
            guard kinds.insert(kind.digest).inserted else { continue }
            do {
                if let model = cell.teacher, teachers[model.rawValue] == nil {
                    let network = model.make(
                        classCount: data.train.classCount, generator: Generator(seed: 0))
                    teachers[model.rawValue] = kind.makeTeacher(
                        network, precision: settings.precision)
                }
                let student = try kind.makeStudent(
                    classCount: data.train.classCount, device: .cpu)
                _ = try kind.makeDistiller(
                    student: student, teacher: cell.teacher.flatMap { teachers[$0.rawValue] },
                    precision: settings.precision, images: ImageFacts(data))
            } catch {
                throw StudyError.unfit(cell: "\(cell.key)", reason: "\(error)")
            }
        }
    }
}
