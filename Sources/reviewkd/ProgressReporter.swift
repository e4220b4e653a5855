import Foundation
import Training

#if canImport(Glibc)
    import Glibc
#endif

/// Shows a run's progress on standard error: a bar on a terminal, plain lines elsewhere.
final class ProgressReporter {
    private let quiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let usesColor: Bool
    private var lastShown = ContinuousClock.now - .seconds(60)
    private var hasBar = false

    init(quiet: Bool) {
        self.quiet = quiet
        let environment = ProcessInfo.processInfo.environment
        usesColor = isatty(STDERR_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// Shows what a user should know.
    func remark(_ text: String) {
        clearBar()
        printError("note: \(text)")
    }

    /// Shows what is probably wrong.
    func warn(_ text: String) {
        clearBar()
        printError("warning: \(text)")
    }

    /// Shows an event of a run.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - run: what the run is called, where there are several at once.
    func report(_ event: TrainingEvent, of run: String? = nil) {
        let label = run.map { "\($0)  " } ?? ""
        switch event {
        case .remark(let text): remark(label + text)
        case .warning(let text): warn(label + text)
        case .step(let step): show(step, label)
        case .epoch(let record, let epochs): show(record, epochs, label)
        }
    }

    /// Shows an event of a study.
    func report(_ event: StudyEvent) {
        switch event {
        case .remark(let text): remark(text)
        case .warning(let text): warn(text)
        case .training(let key, .remark(let text)): remark("\(key): \(text)")
        case .training(let key, .warning(let text)): warn("\(key): \(text)")
        case .training(let key, let event): report(event, of: "\(key)")
        case .failed(let key, let error):
            clearBar()
            printError("warning: \(key) failed: \(error)")
        case .finished(let result, let done, let count):
            progress(
                "[\(done)/\(count)] \(result.key): \(result.top1.formatted(places: 2)) % in "
                    + duration(result.seconds))
        }
    }

    /// Shows a line of progress.
    func progress(_ text: String) {
        guard !quiet else { return }
        clearBar()
        printError(text)
    }

    /// Leaves the terminal clean.
    func finish() { clearBar() }

    private func show(_ step: StepReport, _ label: String) {
        let now = ContinuousClock.now
        let pause = Duration.seconds(isTerminal ? 0.1 : 15)
        guard !quiet, now - lastShown >= pause else { return }
        lastShown = now
        let terms = step.terms.map { "\($0.name) \($0.value.formatted(places: 3))" }
        let numbers =
            "\(terms.joined(separator: "  "))  top1 \(step.top1.formatted(places: 1)) %  "
            + "\(Int(step.imagesPerSecond)) images/s  \(duration(step.secondsLeft)) left"
        let place = "\(label)epoch \(step.epoch)/\(step.epochs)"
        guard isTerminal else {
            printError("\(place)  step \(step.stepInEpoch)/\(step.stepsPerEpoch)  \(numbers)")
            return
        }
        let width = 20
        let done = width * step.stepInEpoch / max(step.stepsPerEpoch, 1)
        let bar =
            String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
        write("\r\u{1B}[K\(place) \(colored(bar, "36")) \(numbers)")
        hasBar = true
    }

    private func show(_ record: EpochRecord, _ epochs: Int, _ label: String) {
        guard !quiet else { return }
        clearBar()
        var text = "\(label)epoch \(record.epoch)/\(epochs)"
        for name in record.train.keys.sorted() where name != "top1" {
            text += "  \(name) \((record.train[name] ?? .nan).formatted(places: 3))"
        }
        text += "  train \((record.train["top1"] ?? .nan).formatted(places: 2)) %"
        if let validation = record.validation {
            text += "  validation \(validation.top1.formatted(places: 2)) %"
        }
        if let test = record.test {
            text += "  test " + colored("\(test.top1.formatted(places: 2)) %", "1")
        }
        printError(text + "  \(duration(record.seconds))  \(Int(record.imagesPerSecond)) images/s")
    }

    private func clearBar() {
        guard hasBar else { return }
        write("\r\u{1B}[K")
        hasBar = false
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    private func colored(_ text: String, _ code: String) -> String {
        usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

/// A time in words, to the second, minute or so.
func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e8 else { return "–" }
    let whole = Int(seconds.rounded())
    return whole < 60
        ? "\(whole) s"
        : whole < 3600
            ? "\(whole / 60) min \(whole % 60) s"
            : "\(whole / 3600) h \(whole % 3600 / 60) min"
}
