import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Standard error: errors, warnings, notes, and on a terminal one line of status that is drawn over.
///
/// What cannot be written is dropped, because work goes on without a listener: the stream may be closed or
/// full, its reader gone or asleep, its terminal hung up.
package final class StandardError: Sendable {
    package static let shared = StandardError()

    /// Whether it is a terminal that lets a line be drawn over.
    package let isTerminal: Bool

    /// Whether colours are welcome.
    package let usesColor: Bool

    private struct State {
        var hasStatus = false

        /// The last write had to be given up; the next one is not waited for.
        var isStuck = false

        /// Nothing is written.
        var isMuted = false
    }

    private let state = Mutex(State())

    /// How long a reader that does not read may keep the tool from its work, once in a row.
    private static let patience: Int32 = 1000

    /// As much as Linux takes at once from a writer that was told it may write.
    private static let portion = 4096

    private init() {
        let environment = ProcessInfo.processInfo.environment
        // A terminal that does not say what it is may understand no more than a dumb one.
        isTerminal =
            isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(environment["TERM"] ?? "")
        usesColor = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// How many columns the terminal has now; 80 where it does not know.
    package var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether nothing is written.
    var isMuted: Bool {
        get { state.withLock { $0.isMuted } }
        set { state.withLock { $0.isMuted = newValue } }
    }

    /// Writes a line that stays, where the status stood.
    package func writeLine(_ text: String) {
        state.withLock { state in
            let start = state.hasStatus ? Self.erase : ""
            state.hasStatus = false
            Self.write(start + text + "\n", &state)
        }
    }

    /// Draws the line of status over the one before.
    ///
    /// - Parameter text: makes a line that is narrower than the columns it is given.
    package func showStatus(_ text: (_ columns: Int) -> String) {
        guard isTerminal else { return }
        state.withLock { state in
            // The last column stays free: some terminals begin a new line once it is filled.
            Self.write(Self.erase + text(max(columns - 1, 1)), &state)
            state.hasStatus = true
        }
    }

    /// Takes the line of status away.
    package func clearStatus() {
        state.withLock { state in
            guard state.hasStatus else { return }
            state.hasStatus = false
            Self.write(Self.erase, &state)
        }
    }

    /// Puts a text into a colour, where colours are welcome.
    package func colored(_ text: String, _ code: String) -> String {
        usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private static let erase = "\r\u{1B}[K"

    private static func write(_ text: String, _ state: inout State) {
        guard !state.isMuted else { return }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            let polled = poll(&ready, 1, state.isStuck ? 0 : patience)
            if polled < 0, errno == EINTR { continue }
            guard polled > 0 else {
                state.isStuck = true
                return
            }
            state.isStuck = false
            let count = rest.prefix(portion).withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Writes a line to standard error.
package func printError(_ text: String) { StandardError.shared.writeLine(text) }
