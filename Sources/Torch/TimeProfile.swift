import Synchronization

/// Where the time of a computation goes, by the names of its parts.
///
/// Code marks its parts with `timed`; outside a profile that costs next to nothing. Times are of the
/// host, so that parts of work queued on another device have to end with a synchronisation.
public final class TimeProfile: Sendable {
    /// The time of one part.
    public struct Part: Sendable {
        /// The part's name.
        public let name: String

        /// Its time in seconds, without that of parts inside it.
        public fileprivate(set) var seconds: Double
    }

    @TaskLocal fileprivate static var current: TimeProfile?

    /// A part that has begun.
    private struct Frame {
        let start: ContinuousClock.Instant
        var inside = 0.0
    }

    private struct State {
        var parts: [Part] = []
        var frames: [Frame] = []
    }

    private let state = Mutex(State())

    /// Starts with no parts.
    public init() {}

    /// The parts in the order in which they first ended.
    public var parts: [Part] { state.withLock { $0.parts } }

    /// Runs `body` with its parts timed here.
    ///
    /// - Parameter body: the work, on one thread.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws.
    public func record<Result>(_ body: () throws -> Result) rethrows -> Result {
        try TimeProfile.$current.withValue(self, operation: body)
    }

    fileprivate func begin() {
        state.withLock { $0.frames.append(Frame(start: .now)) }
    }

    fileprivate func end(_ name: String) {
        state.withLock { state in
            guard let frame = state.frames.popLast() else { return }
            let elapsed = (ContinuousClock.now - frame.start) / .seconds(1)
            if !state.frames.isEmpty { state.frames[state.frames.count - 1].inside += elapsed }
            let own = elapsed - frame.inside
            if let index = state.parts.firstIndex(where: { $0.name == name }) {
                state.parts[index].seconds += own
            } else {
                state.parts.append(Part(name: name, seconds: own))
            }
        }
    }
}

/// Runs `body` as a named part of the profile that is being recorded, if any.
///
/// - Parameters:
///   - part: the name; the times of equal names are added up.
///   - body: the work; the part also ends when it throws.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
public func timed<Result, Failure: Error>(
    _ part: String, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    guard let profile = TimeProfile.current else { return try body() }
    profile.begin()
    defer { profile.end(part) }
    return try body()
}
