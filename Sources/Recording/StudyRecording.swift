import Foundation
import RecordStore
import Studies
import Training

/// Writes down what the cells of a study tell.
package final class StudyRecording {
    private let book: RecordBook
    private let cells: [Cell.Key: Cell]
    private let output: String
    private let options: RunOptions
    private var open: [Cell.Key: RecordedTraining] = [:]

    /// Begins.
    ///
    /// - Parameters:
    ///   - cells: of the study.
    ///   - output: its folder.
    ///   - options: what all its runs have in common.
    ///   - book: where they are recorded.
    package init(_ cells: [Cell], in output: String, options: RunOptions, book: RecordBook) {
        self.cells = Dictionary(cells.map { ($0.key, $0) }) { first, _ in first }
        self.output = output
        self.options = options
        self.book = book
    }

    /// Records an event.
    package func record(_ event: StudyEvent, told: (any Error) -> String) {
        switch event {
        case .remark, .warning: break
        case .training(let key, let event):
            if open[key] == nil, case .step(let step) = event, let cell = cells[key] {
                open[key] = book.begin(
                    cell.recipe, in: output + "/" + cell.folder,
                    steps: step.epochs * step.stepsPerEpoch, options: options)
            }
            open[key]?.record(event)
        case .finished(let result, _, _): open.removeValue(forKey: result.key)?.finish(.finished)
        case .failed(let key, let error): open.removeValue(forKey: key)?.fail(told(error))
        }
    }

    /// Records that the runs which are not done go on another time, and takes in what their folders have.
    package func conclude() {
        for recording in open.values { recording.finish(.interrupted) }
        open = [:]
        book.index(output)
    }
}
