import Basics
import Foundation
import NetworkFiles
import Recipes
import RunRecords
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// Runs cells on one thread.
struct StudyWorker: Sendable {
    let study: Study
    let data: TrainingData
    let teachers: [Architecture: TeacherFile]

    /// Runs cells to their ends, several of them in turn or beside each other, and tells the queue.
    ///
    /// - Parameters:
    ///   - cells: without results.
    ///   - queue: where they come from.
    func run(_ cells: [Cell], for queue: StudyQueue) {
        var open: [(cell: Cell, trainer: Trainer)] = []
        let group = CellGroup(study.settings, data, count: cells.count)
        for cell in cells {
            attempt(cell, queue) {
                // A run may have ended without its line, as when the results were cut off.
                let inputs = RunInputs(
                    teacher: file(for: cell)?.digest, trainingImages: data.train.count,
                    testImages: data.test.count)
                let finished: [EpochRecord]?
                do {
                    finished = try RunFolder.finishedHistory(
                        in: study.folder(of: cell), of: cell.recipe, with: inputs)
                } catch is TrainingError {
                    throw StudyError.foreignRun(
                        cell: "\(cell.key)", folder: study.folder(of: cell))
                }
                if let finished { return try conclude(cell, finished, queue) }
                let trainer = try trainer(for: cell, in: group)
                try trainer.takeUp()
                open.append((cell, trainer))
            }
        }
        let ends: [Result<TrainingOutcome, any Error>]
        do {
            ends = try train(open, in: group)
        } catch {
            guard study.settings.processes.areTogether(after: error) else {
                return queue.breakOff(because: error)
            }
            ends = open.map { _ in .failure(error) }
        }
        for ((cell, trainer), end) in zip(open, ends) {
            attempt(cell, queue) {
                if case .interrupted(let signal, _) = try end.get() {
                    queue.interrupt(signal)
                } else {
                    try conclude(cell, trainer.history, queue)
                }
            }
        }
    }

    /// Trains cells, and has the other processes do the same.
    private func train(
        _ open: [(cell: Cell, trainer: Trainer)], in group: CellGroup
    ) throws -> [Result<TrainingOutcome, any Error>] {
        guard let first = open.first else { return [] }
        let processes = study.settings.processes
        let teacher = teacher(of: first.cell)
        try processes.give(.train(cells: open.map(\.cell.recipe.digest), teacher: teacher))
        if let network = group.teacherNetwork { try processes.handOut(network) }
        return try trainTogether(open.map(\.trainer), on: study.settings.device)
    }

    private func teacher(of cell: Cell) -> StudyOrder.Teacher? {
        file(for: cell).map { StudyOrder.Teacher(digest: $0.digest, top1: $0.top1) }
    }

    private func file(for cell: Cell) -> TeacherFile? { cell.teacher.flatMap { teachers[$0] } }

    private func attempt(_ cell: Cell, _ queue: StudyQueue, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            queue.fail(cell, with: error, in: study)
        }
    }

    /// Records a finished run, whose checkpoints then go.
    private func conclude(_ cell: Cell, _ history: [EpochRecord], _ queue: StudyQueue) throws {
        guard let last = history.last, let test = last.test else {
            preconditionFailure("StudyWorker: a finished run without its last evaluation")
        }
        try queue.finish(cell, with: result(of: cell, history, last, test), in: study)
        let folder = study.folder(of: cell) + "/checkpoint"
        guard FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            // The cell is done all the same.
            study.report(.remark("\(folder) cannot be removed: \(FileError.reason(of: error))"))
        }
    }

    private func trainer(for cell: Cell, in group: CellGroup) throws -> Trainer {
        let settings = study.settings
        return try group.trainer(
            for: cell, in: study.folder(of: cell), taughtBy: teacher(of: cell),
            {
                try file(for: cell).map {
                    try loadNetwork(
                        $0.model.name, weights: $0.path, key: settings.weightsKey,
                        classCount: data.train.classCount, device: settings.device)
                }
            }, report: { [study] in study.report(.training(cell.key, $0)) })
    }

    private func result(
        of cell: Cell, _ history: [EpochRecord], _ last: EpochRecord, _ test: Scores
    ) -> CellResult {
        let file = file(for: cell)
        let top1 = test["top1"] ?? 0
        return CellResult(
            pair: cell.key.pair, method: cell.key.method, seed: cell.key.seed,
            schedule: cell.key.schedule, epochs: cell.recipe.epochs, top1: top1,
            top5: test["top5"] ?? 0,
            validationBestTop1: history.bestOnValidation(by: "top1")?.test?["top1"],
            validationTop1: last.validation?["top1"], averagedTop1: test["ema_top1"],
            averagedValidationTop1: last.validation?["ema_top1"],
            testBestTop1: history.compactMap { $0.test?["top1"] }.max() ?? top1,
            seconds: history.reduce(0) { $0 + $1.seconds }, device: "\(study.settings.device)",
            processor: processorName(of: study.settings.device),
            precision: study.settings.precision.rawValue,
            revision: last.revision ?? study.settings.revision,
            date: Date().formatted(.iso8601.year().month().day()), recipe: cell.recipe.digest,
            teacher: file?.digest, teacherTop1: file?.top1,
            dataset: cell.recipe.dataset.images.name, trainingImages: data.train.count,
            testImages: data.test.count)
    }
}
