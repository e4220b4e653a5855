import Foundation
import Torch
import Training
import VisionModels

/// Carries out the runs of a study, several at once where that is asked for.
struct StudyRuns {
    private let study: Study
    private let data: TrainingData
    private let count: Int
    private var done = 0
    private var failures: [any Error] = []

    /// Prepares for so many cells.
    init(_ study: Study, data: TrainingData, count: Int) {
        self.study = study
        self.data = data
        self.count = count
    }

    /// Runs cells.
    ///
    /// On the CPU each job is a thread with its share of the processor; a card runs the students of
    /// one thread beside each other. Cells whose teacher could not be trained fail.
    ///
    /// - Parameters:
    ///   - cells: without results.
    ///   - teachers: of these cells.
    /// - Returns: a signal that ended it before all were done.
    /// - Throws: what one of several processes alone failed with.
    mutating func all(
        _ cells: [Cell], teachers: [Architecture: TeacherFile]
    ) throws -> Int32? {
        var ready: [Cell] = []
        for cell in cells {
            guard let model = cell.teacher, teachers[model] == nil else {
                ready.append(cell)
                continue
            }
            let error = StudyError.untrainedTeacher(cell: "\(cell.key)", model: model.name)
            study.report(.failed(cell.key, error))
            failures.append(error)
        }
        let jobs = study.settings.jobs
        let onCPU = study.settings.device == .cpu
        let queue = StudyQueue(ready, settings: study.settings, done: done, of: count)
        let workers = onCPU ? min(jobs, queue.groupCount) : 1
        let threads = Runtime.threads
        // Bits depend on the number of threads, so that it is the same however many cells are left.
        let share = onCPU ? max(1, threads / jobs) : threads
        let worker = StudyWorker(study: study, data: data, teachers: teachers)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            Runtime.setThreads(share)
            while let group = queue.next() {
                worker.run(group, for: queue)
            }
        }
        // This thread was one of them.
        Runtime.setThreads(threads)
        if let error = queue.breakdown { throw error }
        let end = queue.end
        done = end.done
        failures += end.failures
        return end.signal == 0 ? nil : end.signal
    }

    /// Tells of cells that failed.
    ///
    /// - Throws: `FailedCells` where there are some.
    func requireSuccess() throws(FailedCells) {
        guard let first = failures.first else { return }
        throw FailedCells(count: failures.count, total: count, first: first)
    }
}
