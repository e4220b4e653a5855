import Distillation
import Foundation
import Torch
import VisionModels

/// Carries out the runs of a study, several at once where that is asked for.
struct StudyRuns {
    private let study: Study
    private let data: TrainingData
    private let count: Int
    private var done = 0

    /// Prepares for so many cells.
    init(_ study: Study, data: TrainingData, count: Int) {
        self.study = study
        self.data = data
        self.count = count
    }

    /// Runs cells.
    ///
    /// On the CPU each job is a thread with its share of the processor; a card runs the students of
    /// one thread beside each other.
    ///
    /// - Parameters:
    ///   - cells: without results.
    ///   - teachers: of these cells.
    /// - Returns: a signal that ended it before all were done.
    /// - Throws: `StudyError.failed` after the others, where some failed.
    mutating func all(_ cells: [Cell], teachers: [CIFARModel: TeacherFile]) throws -> Int32? {
        let jobs = study.settings.jobs
        let onCPU = study.settings.device == .cpu
        let queue = StudyQueue(cells, groupsOf: onCPU ? 1 : jobs, done: done, of: count)
        let workers = onCPU ? min(jobs, queue.groupCount) : 1
        let threads = max(1, Runtime.threads / max(1, workers))
        let worker = StudyWorker(study: study, data: data, teachers: teachers)
        DispatchQueue.concurrentPerform(iterations: workers) { [study] _ in
            if workers > 1 { Runtime.setThreads(threads) }
            while let group = queue.next() {
                do {
                    let signal = try worker.run(group) { cell, result in
                        try queue.finish(cell, with: result, in: study)
                    }
                    if signal != 0 { queue.interrupt(signal) }
                } catch {
                    study.report(.failed(group[0].key, error))
                    queue.fail(error)
                }
            }
        }
        let end = queue.end
        done = end.done
        if end.signal != 0 { return end.signal }
        guard let first = end.failures.first else { return nil }
        throw StudyError.failed(cells: end.failures.count, of: cells.count, first: "\(first)")
    }
}

/// Runs cells on one thread.
struct StudyWorker: Sendable {
    let study: Study
    let data: TrainingData
    let teachers: [CIFARModel: TeacherFile]

    /// Runs cells to their ends, several of them beside each other on a card.
    ///
    /// - Parameters:
    ///   - cells: without results.
    ///   - finish: called with each result, before the run's checkpoints are removed.
    /// - Returns: the signal that ended it, 0 for none.
    /// - Throws: what training throws, or `finish`.
    func run(_ cells: [Cell], finish: (Cell, CellResult) throws -> Void) throws -> Int32 {
        func conclude(_ cell: Cell, _ history: [EpochRecord]) throws {
            guard let last = history.last, let test = last.test else {
                preconditionFailure("StudyWorker: a finished run without its last evaluation")
            }
            try finish(cell, result(of: cell, history, last, test))
            try removeCheckpoints(of: cell)
        }
        // A run may have ended without its line, as when the results were cut off.
        var open: [Cell] = []
        for cell in cells {
            let folder = study.folder(of: cell)
            guard let history = RunFolder.finishedHistory(in: folder, of: cell.recipe) else {
                open.append(cell)
                continue
            }
            try conclude(cell, history)
        }
        let trainers = try open.map(trainer)
        let outcomes =
            trainers.count > 1
            ? try trainTogether(trainers, on: study.settings.device)
            : try trainers.map { try $0.run() }
        var signal: Int32 = 0
        for (index, outcome) in outcomes.enumerated() {
            if case .interrupted(let received, _) = outcome {
                signal = received
            } else {
                try conclude(open[index], trainers[index].history)
            }
        }
        return signal
    }

    private func trainer(for cell: Cell) throws -> Trainer {
        let settings = study.settings
        var options = RunOptions()
        options.output = study.folder(of: cell)
        options.device = settings.device
        options.usesGraph = settings.usesGraph
        options.checkpointEvery = settings.checkpointEvery
        options.resume = true
        options.revision = settings.revision
        options.interruption = settings.interruption
        let file = cell.teacher.flatMap { teachers[$0] }
        options.teacherDigest = file?.digest
        let network = try file.map {
            try loadNetwork(
                $0.model.rawValue, weights: $0.path, classCount: data.train.classCount,
                device: settings.device)
        }
        return try Trainer(
            recipe: cell.recipe, data: data, teacher: network, options: options
        ) { [study] in study.report(.training(cell.key, $0)) }
    }

    private func result(
        of cell: Cell, _ history: [EpochRecord], _ last: EpochRecord, _ test: EvaluationResult
    ) -> CellResult {
        let selected = history.filter { $0.validation != nil }
            .max { ($0.validation?.top1 ?? 0) < ($1.validation?.top1 ?? 0) }
        let file = cell.teacher.flatMap { teachers[$0] }
        return CellResult(
            pair: cell.key.pair, method: cell.key.method, seed: cell.key.seed,
            schedule: cell.key.schedule, epochs: cell.recipe.epochs, top1: test.top1,
            top5: test.top5, validationBestTop1: selected?.test?.top1,
            testBestTop1: history.compactMap(\.test?.top1).max() ?? test.top1,
            seconds: history.reduce(0) { $0 + $1.seconds }, device: "\(study.settings.device)",
            processor: processorName(of: study.settings.device),
            precision: study.settings.precision.rawValue,
            revision: last.revision ?? study.settings.revision,
            date: Date().formatted(.iso8601.year().month().day()), recipe: cell.recipe.digest,
            teacher: file?.digest, teacherTop1: file?.top1)
    }

    private func removeCheckpoints(of cell: Cell) throws {
        let folder = study.folder(of: cell) + "/checkpoint"
        guard FileManager.default.fileExists(atPath: folder) else { return }
        try FileManager.default.removeItem(atPath: folder)
    }
}

/// The name of the processor, or of a card.
private func processorName(of device: Device) -> String {
    if case .cuda(let index) = device, let card = try? CUDACard(index: index) { return card.name }
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
}
