import Synchronization

/// Shows how many bytes of a file are done, on standard error; called from any thread.
package final class ByteProgress: Sendable {
    private let quiet: Bool
    private let stream = StandardError.shared
    private let lastShown = Mutex(ContinuousClock.now - .seconds(60))

    /// Begins; a quiet one shows nothing.
    package init(quiet: Bool) { self.quiet = quiet }

    /// Shows a number of bytes, now and then.
    ///
    /// - Parameters:
    ///   - done: how many are done.
    ///   - total: of how many, where that is known.
    ///   - work: what is done with which file, where there are several.
    package func show(_ done: Int, of total: Int?, _ work: String? = nil) {
        let pause = Duration.seconds(stream.isTerminal ? 0.1 : 15)
        let isDue = lastShown.withLock { last in
            let now = ContinuousClock.now
            guard now - last >= pause else { return false }
            last = now
            return true
        }
        guard !quiet, isDue else { return }
        let mebibytes = "\(done >> 20) MiB"
        let amount =
            total.map { total in
                let share = 100 * (Double(done) / Double(max(total, 1)))
                return "\(mebibytes) of \(total >> 20) MiB (\(Int(share)) %)"
            } ?? mebibytes
        let text = (work.map { "\($0)  " } ?? "") + amount
        if stream.isTerminal {
            stream.showStatus { text.cut(toColumns: $0) }
        } else {
            printError(text)
        }
    }

    /// Takes the line away.
    package func finish() { stream.clearStatus() }
}
