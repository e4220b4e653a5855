import Basics
import Distillation
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
        let shared = SharedTeacher()
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
                open.append((cell, try trainer(for: cell, among: cells.count, shared)))
            }
        }
        let ends: [Result<TrainingOutcome, any Error>]
        do {
            ends = try trainTogether(open.map(\.trainer), on: study.settings.device)
        } catch {
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

    /// The one teacher of a group of cells.
    private final class SharedTeacher { var teacher: Teacher? }

    private func trainer(
        for cell: Cell, among count: Int, _ shared: SharedTeacher
    ) throws -> Trainer {
        let settings = study.settings
        var options = settings.run
        options.output = study.folder(of: cell)
        // Cells that run beside each other have a share of the threads each.
        options.adaptsThreads = settings.adaptsThreads && settings.jobs == 1 && count == 1
        let file = file(for: cell)
        options.teacherDigest = file?.digest
        options.teacherTop1 = file?.top1
        // On a card each student's step is recorded with its teacher in it.
        let shares = count > 1 && settings.device == .cpu
        let teacher = try shares ? shared.teacher ?? makeTeacher() : makeTeacher()
        func makeTeacher() throws -> Teacher? {
            try file.flatMap {
                let network = try loadNetwork(
                    $0.model.name, weights: $0.path, key: settings.weightsKey,
                    classCount: data.train.classCount, device: settings.device)
                return cell.recipe.makeTeacher(
                    network, precision: settings.precision, remembers: shares)
            }
        }
        shared.teacher = teacher
        return try Trainer(
            recipe: cell.recipe, data: data, teacher: teacher, options: options
        ) { [study] in study.report(.training(cell.key, $0)) }
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
