import Foundation

/// Notices that the threads of a run wait for a processor from its first steps on.
///
/// A run that was never fast has no faster steps to be held against, but the system counts how long each
/// thread was ready and not let run: next to nothing on a machine that is free, as long as it ran where two
/// programs share each processor. Processor time against wall time would not tell, since steps have parts
/// that one thread does alone.
package struct WaitingWatch {
    /// What the threads of the process had so far, in seconds.
    package struct Times: Equatable {
        /// Of a processor.
        package var running: Double

        /// Ready, without a processor.
        package var waiting: Double

        /// Gathers both.
        package init(running: Double, waiting: Double) {
            self.running = running
            self.waiting = waiting
        }
    }

    /// The share of waiting in a thread's time that is told of: each thread runs at two thirds of its speed.
    package static let share = 1.0 / 3

    /// After how many seconds it is told of at the latest, because slow steps are long to wait for.
    package static let patience = 30.0

    private var start: Times?
    private var seconds = 0.0
    private var steps = 0
    private var isDone = false

    /// Begins with a run's first step.
    package init() {}

    /// Counts a step.
    ///
    /// - Parameters:
    ///   - seconds: how long it took.
    ///   - times: asked for the times so far, twice in all.
    /// - Returns: the share of waiting in the threads' time, once, after as many steps as tell what is usual,
    ///   or as much time as is long enough; nil where it is small or not known.
    package mutating func add(seconds: Double, _ times: () -> Times?) -> Double? {
        guard !isDone else { return nil }
        steps += 1
        guard steps > SlowdownWatch.warmUp else {
            if steps == SlowdownWatch.warmUp { start = times() }
            return nil
        }
        self.seconds += seconds
        guard
            steps == SlowdownWatch.warmUp + SlowdownWatch.firstCount
                || self.seconds >= Self.patience
        else { return nil }
        isDone = true
        guard let start, let now = times() else { return nil }
        guard let share = now.share(since: start), share >= Self.share else { return nil }
        return share
    }
}

extension WaitingWatch.Times {
    /// The share of waiting in the threads' time since an earlier reading; nil where no time has passed.
    package func share(since former: Self) -> Double? {
        let waited = waiting - former.waiting
        let all = waited + running - former.running
        // A thread that ended took its times with it.
        return waited >= 0 && all > waited ? waited / all : nil
    }

    /// The times of all threads of this process; nil where the system does not count them.
    package static func ofThisProcess() -> Self? {
        let folder = "/proc/self/task"
        guard let threads = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            return nil
        }
        var times = Self(running: 0, waiting: 0)
        var isKnown = false
        for thread in threads {
            // A thread may end while its neighbours are read.
            guard
                let text = try? String(
                    contentsOfFile: "\(folder)/\(thread)/schedstat", encoding: .utf8)
            else { continue }
            let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            guard numbers.count == 3 else { continue }
            isKnown = true
            times.running += numbers[0] * 1e-9
            times.waiting += numbers[1] * 1e-9
        }
        return isKnown ? times : nil
    }
}
