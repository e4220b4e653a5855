import Foundation
import Synchronization

/// Writes down a run on a thread of its own, so that training never waits for the file.
///
/// What happens is gathered in memory and written about once a second. Where the file cannot be written, that is
/// told once, and nothing is recorded any more.
public final class RunRecorder: Sendable {
    /// After how many seconds without a sign of life a process of another machine counts as gone.
    public static let longestSilence = 120.0

    private static let pause = 1.0
    private static let heartbeat = 30.0

    /// How many points wait at most: where the file is slow, those of single steps are thinned.
    private static let longestQueue = 100_000

    private struct Waiting {
        var update = RunUpdate()
        var isScheduled = false
        var isOver = false
        var hasFailed = false
    }

    private let store: RecordStore
    private let id: Int64
    private let stride: Int
    private let queue = DispatchQueue(label: "run records", qos: .utility)
    private let waiting = Mutex(Waiting())
    private let warn: @Sendable (RecordError) -> Void

    /// Begins a run in a store.
    ///
    /// - Parameters:
    ///   - run: what is known of it.
    ///   - store: where it is recorded.
    ///   - keepsPoints: whether the numbers of an earlier attempt stay, as when it is resumed.
    ///   - pointCount: of how many steps, at most, a curve of single steps has points.
    ///   - warn: called once, on another thread, where the store cannot be written.
    /// - Throws: `RecordError`.
    public init(
        _ run: RunDescription, in store: RecordStore, keepsPoints: Bool, pointCount: Int = 2000,
        warn: @escaping @Sendable (RecordError) -> Void
    ) throws(RecordError) {
        self.store = store
        self.warn = warn
        stride = max(1, ((run.steps ?? 0) + pointCount - 1) / pointCount)
        id = try store.begin(run, by: .current, keepsPoints: keepsPoints)
        beat()
    }

    /// Whether a step's numbers are kept.
    public func keeps(step: Int) -> Bool { step % stride == 0 || step == 1 }

    /// Records what happened, a little later.
    public func add(_ update: RunUpdate) {
        let isFirst = waiting.withLock { waiting in
            guard !waiting.isOver, !waiting.hasFailed else { return false }
            if waiting.update.points.count < Self.longestQueue {
                waiting.update.points += update.points
            }
            if var progress = update.progress {
                // A step knows no score, and the epoch before it may not be written yet.
                progress.score = progress.score ?? waiting.update.progress?.score
                waiting.update.progress = progress
            }
            if let state = update.state { waiting.update.state = state }
            if let artefacts = update.artefacts { waiting.update.artefacts = artefacts }
            defer { waiting.isScheduled = true }
            return !waiting.isScheduled
        }
        guard isFirst else { return }
        queue.asyncAfter(deadline: .now() + Self.pause) { self.write() }
    }

    /// Records the last thing that happens, and returns when all is written or has failed.
    ///
    /// - Parameter update: with the state in which the run ends.
    public func finish(_ update: RunUpdate) {
        add(update)
        waiting.withLock { $0.isOver = true }
        queue.sync { write() }
    }

    private func write() {
        let update = waiting.withLock { waiting in
            waiting.isScheduled = false
            return waiting.hasFailed ? nil : waiting.update.taken()
        }
        guard let update, !update.isEmpty else { return }
        attempt { () throws(RecordError) in try store.add(update, to: id) }
    }

    /// A sign of life, also while nothing happens.
    private func beat() {
        queue.asyncAfter(deadline: .now() + Self.heartbeat) { [weak self] in
            guard let self, !waiting.withLock({ $0.isOver || $0.hasFailed }) else { return }
            attempt { () throws(RecordError) in try self.store.add(RunUpdate(), to: self.id) }
            beat()
        }
    }

    private func attempt(_ body: () throws(RecordError) -> Void) {
        do throws(RecordError) {
            try body()
        } catch {
            let isNew = waiting.withLock { waiting in
                defer {
                    waiting.hasFailed = true
                    waiting.update = RunUpdate()
                }
                return !waiting.hasFailed
            }
            if isNew { warn(error) }
        }
    }
}

extension RunUpdate {
    /// What there is, of which nothing is left then.
    fileprivate mutating func taken() -> RunUpdate {
        defer { self = RunUpdate() }
        return self
    }
}
