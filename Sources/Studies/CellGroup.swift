import Distillation
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// Makes the runs of cells that are trained together.
final class CellGroup {
    /// The network of the teacher that was opened last.
    private(set) var teacherNetwork: (any Backbone)?

    private let settings: StudySettings
    private let data: TrainingData
    private let count: Int
    private var shared: Teacher?

    /// Prepares for so many cells.
    init(_ settings: StudySettings, _ data: TrainingData, count: Int) {
        self.settings = settings
        self.data = data
        self.count = count
    }

    /// The run of a cell.
    ///
    /// - Parameters:
    ///   - cell: what to do.
    ///   - folder: where it is saved; nil where another process does that.
    ///   - teacher: what is known of the teacher, where there is one.
    ///   - open: gives the teacher's network; nil for none.
    ///   - report: called with everything that happens.
    /// - Returns: the run.
    /// - Throws: where the networks cannot be made or matched, or the folder cannot be used.
    func trainer(
        for cell: Cell, in folder: String?, taughtBy teacher: StudyOrder.Teacher?,
        _ open: () throws -> (any Backbone)?, report: @escaping (TrainingEvent) -> Void
    ) throws -> Trainer {
        var options = settings.run
        options.output = folder
        // Cells that run beside each other have a share of the threads each.
        options.adaptsThreads = settings.adaptsThreads && settings.jobs == 1 && count == 1
        options.teacherDigest = teacher?.digest
        options.teacherTop1 = teacher?.top1
        // On a card each student's step is recorded with its teacher in it.
        let shares = count > 1 && settings.device == .cpu
        let made = try shares ? shared ?? makeTeacher() : makeTeacher()
        func makeTeacher() throws -> Teacher? {
            teacherNetwork = try open()
            return teacherNetwork.flatMap {
                cell.recipe.makeTeacher($0, precision: settings.precision, remembers: shares)
            }
        }
        shared = made
        return try Trainer(
            recipe: cell.recipe, data: data, teacher: made, options: options, report: report)
    }
}
