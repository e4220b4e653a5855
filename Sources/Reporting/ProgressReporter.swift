import Basics
import Remedies
import RunRecords
import Studies
import Terminal
import Training

/// Shows a run's progress on standard error: a bar on a terminal, plain lines elsewhere.
package final class ProgressReporter {
    private let quiet: Bool
    private let stream = StandardError.shared
    private var lastShown = ContinuousClock.now - .seconds(60)

    private let evaluation: EvaluationProgress

    /// Begins.
    ///
    /// - Parameter quiet: whether only warnings and remarks are shown.
    package init(quiet: Bool) {
        self.quiet = quiet
        evaluation = EvaluationProgress(quiet: quiet)
    }

    private var remarks: Set<String> = []

    /// Shows what a user should know, once.
    package func remark(_ text: String) {
        guard remarks.insert(text).inserted else { return }
        printError("note: \(text)")
    }

    /// Shows what is probably wrong.
    package func warn(_ text: String) {
        printError("warning: \(text)")
    }

    /// Shows an event of a run.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - run: what the run is called, where there are several at once.
    package func report(_ event: TrainingEvent, of run: String? = nil) {
        let label = run.map { "\($0)  " } ?? ""
        switch event {
        case .remark(let thing): remark(label + told(thing))
        case .warning(let thing): warn(label + told(thing))
        case .step(let step): show(step, run)
        case .evaluation(let done, let count): evaluation.show(done, of: count, run)
        case .epoch(let record, let epochs): show(record, epochs, label)
        }
    }

    /// Shows an event of a study.
    package func report(_ event: StudyEvent) {
        switch event {
        case .remark(let thing): remark(told(thing))
        case .warning(let thing): warn(told(thing))
        case .training(let key, .remark(let thing)): remark("\(key): \(told(thing))")
        case .training(let key, .warning(let thing)): warn("\(key): \(told(thing))")
        case .training(let key, let event): report(event, of: "\(key)")
        case .failed(let key, let error):
            warn("\(key) failed: \(told(error))")
        case .finished(let result, let done, let count):
            progress(
                "[\(done)/\(count)] \(result.key): \(result.top1.formatted(places: 2)) % in "
                    + duration(result.seconds))
        }
    }

    /// Shows a line of progress.
    package func progress(_ text: String) {
        guard !quiet else { return }
        printError(text)
    }

    /// Leaves the terminal clean.
    package func finish() { stream.clearStatus() }

    /// Images a second; of large ones there are few.
    private static func speed(_ imagesPerSecond: Double) -> String {
        "\(imagesPerSecond.formatted(places: imagesPerSecond < 10 ? 1 : 0)) images/s"
    }

    private func show(_ step: StepReport, _ run: String?) {
        let now = ContinuousClock.now
        let pause = Duration.seconds(stream.isTerminal ? 0.1 : 15)
        guard !quiet, now - lastShown >= pause else { return }
        lastShown = now
        let line = ProgressLine(
            run: run, place: "epoch \(step.epoch)/\(step.epochs)",
            share: Double(step.stepInEpoch) / Double(max(step.stepsPerEpoch, 1)),
            terms: step.terms.map { "\($0.name) \($0.value.formatted(places: 3))" },
            accuracy: step.measures.map { "\($0.name) \($0.value.formatted(places: 1)) %" }
                .joined(separator: "  "),
            speed: Self.speed(step.imagesPerSecond),
            left: "\(duration(step.secondsLeft)) left")
        guard stream.isTerminal else {
            let start = run.map { [$0] } ?? []
            let place = [line.place, "step \(step.stepInEpoch)/\(step.stepsPerEpoch)"]
            let parts = start + place + line.terms + [line.accuracy, line.speed, line.left]
            return printError(parts.joined(separator: "  "))
        }
        stream.showStatus { columns in
            line.text(columns: columns) { stream.colored($0, "36") }
        }
    }

    private func show(_ record: EpochRecord, _ epochs: Int, _ label: String) {
        guard !quiet else { return }
        var text = "\(label)epoch \(record.epoch)/\(epochs)"
        for name in record.train.keys.sorted() where name != "top1" {
            text += "  \(name) \((record.train[name] ?? .nan).formatted(places: 3))"
        }
        if let top1 = record.train["top1"] { text += "  train \(top1.formatted(places: 2)) %" }
        if let top1 = record.validation?["top1"] {
            text += "  validation \(top1.formatted(places: 2)) %"
        }
        if let top1 = record.test?["top1"] {
            text += "  test " + stream.colored("\(top1.formatted(places: 2)) %", "1")
        }
        if let precisions = record.test?.precisions, !precisions.isEmpty {
            text += "  test " + stream.colored(precisions, "1")
        }
        if let top1 = record.test?["ema_top1"] {
            text += "  averaged \(top1.formatted(places: 2)) %"
        }
        printError(
            text
                + "  \(duration(record.seconds))  \(Self.speed(record.imagesPerSecond))"
        )
    }
}
