import Basics
import Foundation
import RecordStore
import RunRecords
import Training

/// Writes down what a run tells.
package final class RecordedTraining {
    private static let pause = Duration.seconds(1)

    private let recorder: RunRecorder
    private let run: RunDescription
    private var lastProgress: ContinuousClock.Instant?

    init(_ recorder: RunRecorder, _ run: RunDescription) {
        self.recorder = recorder
        self.run = run
    }

    /// Records an event.
    package func record(_ event: TrainingEvent) {
        switch event {
        case .remark, .warning, .evaluation: break
        case .step(let step): record(step)
        case .epoch(let epoch, _): recorder.add(RunUpdate([epoch], score: run.score))
        }
    }

    private func record(_ step: StepReport) {
        var update = recorder.keeps(step: step.number) ? RunUpdate(step) : RunUpdate()
        let now = ContinuousClock.now
        if lastProgress.map({ now - $0 >= Self.pause }) ?? true {
            lastProgress = now
            update.progress = RunProgress(
                epoch: step.epoch - 1, step: step.number, imagesPerSecond: step.imagesPerSecond,
                secondsLeft: step.secondsLeft.isFinite ? step.secondsLeft : nil)
        }
        if !update.isEmpty { recorder.add(update) }
    }

    /// Records how the run ended.
    ///
    /// - Parameters:
    ///   - outcome: of the trainer.
    ///   - history: the records of all its epochs, some of which an earlier file of records may have had.
    package func finish(_ outcome: TrainingOutcome, history: [EpochRecord]) {
        var update = RunUpdate(history, score: run.score)
        switch outcome {
        case .finished, .alreadyFinished: update.state = (.finished, nil)
        case .stopped(let step), .interrupted(_, let step):
            update.state = (.interrupted, nil)
            update.progress = RunProgress(
                epoch: history.count, step: step, score: update.progress?.score)
        }
        update.artefacts = artefacts(in: run.folder)
        recorder.finish(update)
    }

    /// Records that a study's cell ended.
    ///
    /// - Parameter state: how.
    package func finish(_ state: RunState) {
        var update = RunUpdate()
        update.state = (state, nil)
        update.artefacts = artefacts(in: run.folder)
        recorder.finish(update)
    }

    /// Records that the run ended with an error.
    ///
    /// - Parameter reason: the error's sentence.
    package func fail(_ reason: String) {
        var update = RunUpdate()
        update.state = (.failed, reason)
        recorder.finish(update)
    }
}
