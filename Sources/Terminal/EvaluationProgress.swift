/// Shows how far an evaluation is, and the time that is left.
package final class EvaluationProgress {
    private let quiet: Bool

    /// When this evaluation told of itself first, and how far it was then.
    private var origin: (time: ContinuousClock.Instant, done: Int)?
    private var lastShown = ContinuousClock.now

    /// Begins; a quiet one shows nothing.
    package init(quiet: Bool) { self.quiet = quiet }

    /// Shows a number of images, now and then.
    ///
    /// - Parameters:
    ///   - done: how many are done.
    ///   - count: of how many; once all are done another evaluation begins.
    ///   - run: what the run is called, where there are several at once.
    package func show(_ done: Int, of count: Int, _ run: String? = nil) {
        let now = ContinuousClock.now
        let origin = origin ?? (now, done)
        if self.origin == nil { lastShown = now }
        self.origin = done >= count ? nil : origin
        let stream = StandardError.shared
        let pause = Duration.seconds(stream.isTerminal ? 0.5 : 15)
        guard !quiet, done > origin.done, done < count, now - lastShown >= pause else { return }
        lastShown = now
        let speed = Double(done - origin.done) / ((now - origin.time) / .seconds(1))
        let text =
            (run.map { "\($0)  " } ?? "")
            + "evaluating  \(done)/\(count) images  \(duration(Double(count - done) / speed)) left"
        if stream.isTerminal {
            stream.showStatus { text.cut(toColumns: $0) }
        } else {
            printError(text)
        }
    }
}
