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
        let queue = StudyQueue(cells, settings: study.settings, done: done, of: count)
        let workers = onCPU ? min(jobs, queue.groupCount) : 1
        let threads = max(1, Runtime.threads / max(1, workers))
        let worker = StudyWorker(study: study, data: data, teachers: teachers)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            if workers > 1 { Runtime.setThreads(threads) }
            while let group = queue.next() {
                worker.run(group, for: queue)
            }
        }
        let end = queue.end
        done = end.done
        if end.signal != 0 { return end.signal }
        guard let first = end.failures.first else { return nil }
        throw StudyError.failed(cells: end.failures.count, of: cells.count, first: "\(first)")
    }
}
