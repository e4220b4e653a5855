/// Shows how far the listing of a folder is.
package final class ListingProgress {
    private let quiet: Bool
    private var lastShown = ContinuousClock.now

    /// Begins; a quiet one shows nothing.
    package init(quiet: Bool) { self.quiet = quiet }

    /// Shows a number of images, now and then.
    package func show(_ count: Int) {
        let stream = StandardError.shared
        let pause = Duration.seconds(stream.isTerminal ? 0.2 : 15)
        guard !quiet, ContinuousClock.now - lastShown >= pause else { return }
        lastShown = .now
        if stream.isTerminal {
            stream.showStatus { "listing images: \(count)".cut(toColumns: $0) }
        } else {
            printError("listing images: \(count)")
        }
    }
}
