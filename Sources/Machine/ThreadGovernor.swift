import Basics

/// Chooses how many threads the steps of a run use, from what the machine has to give.
///
/// LibTorch's threads wait for each other after every operator. Where another program takes one of their
/// processors, all of them are as slow as the one that shares it, and fewer threads are faster. A change is
/// a trial: it stays where the steps become faster, and else is taken back and not repeated for a while.
package struct ThreadGovernor {
    /// What the processors did between two looks.
    package struct Use: Equatable {
        /// Processor time of this process's threads, in seconds.
        package var own: Double

        /// How long its threads were ready without a processor, in seconds.
        package var waiting: Double

        /// Processor time of everything else, in seconds.
        package var others: Double

        /// Gathers them.
        package init(own: Double, waiting: Double, others: Double) {
            self.own = own
            self.waiting = waiting
            self.others = others
        }
    }

    /// The share of waiting in the threads' time from which fewer threads are tried.
    package static let waitingShare = 0.1

    /// A trial must make steps at least so many times as fast.
    static let gain = 1.05

    /// How many steps, and how many seconds, are looked at together.
    static let window = (steps: 3, seconds: 0.3)

    /// For how many windows a trial is not repeated, at first and at most.
    static let patience = (first: 16, longest: 128)

    /// How many windows a window counts for while processors are free for more threads.
    static let haste = 8

    /// The most threads.
    package let most: Int

    /// How many the next step uses.
    package private(set) var count: Int

    private struct Trial {
        let former: Int
        let pace: Double
    }

    private var trial: Trial?

    /// Whether the window before had waiting too, so that this one has no steps from before a change; the
    /// first window has none either.
    private var waitedBefore = true
    private var pauses = (down: 0, up: 0)
    private var lengths = (down: patience.first, up: patience.first)
    private var skipped = 0
    private var paces: [Double] = []
    private var start: Use?

    private let processors: Int

    /// Begins with the most threads.
    ///
    /// - Parameters:
    ///   - most: the most threads.
    ///   - processors: how many processors the machine has for this process.
    package init(most: Int, processors: Int) {
        self.most = most
        self.processors = processors
        count = most
    }

    /// Takes in a step.
    ///
    /// - Parameters:
    ///   - seconds: how long it took.
    ///   - use: asked for what the processors did so far; nil where the system does not tell.
    /// - Returns: whether `count` has changed.
    package mutating func add(seconds: Double, _ use: () -> Use?) -> Bool {
        guard most > 1 else { return false }
        guard skipped >= SlowdownWatch.warmUp else {
            skipped += 1
            if skipped == SlowdownWatch.warmUp { start = use() }
            return false
        }
        paces.append(seconds)
        let whole = paces.reduce(0, +)
        guard paces.count >= Self.window.steps, whole >= Self.window.seconds else { return false }
        let now = use()
        defer {
            paces = []
            start = now
        }
        guard let start, let now else { return false }
        return decide(
            pace: paces.median, seconds: whole,
            Use(
                own: now.own - start.own, waiting: now.waiting - start.waiting,
                others: now.others - start.others))
    }

    private mutating func decide(pace: Double, seconds: Double, _ use: Use) -> Bool {
        if let trial {
            self.trial = nil
            return conclude(trial, pace)
        }
        let share = use.waiting / max(use.own + use.waiting, 1e-9)
        let free = Double(processors) - max(0, use.others) / seconds
        let passed = free >= Double(count) + 0.75 ? Self.haste : 1
        pauses = (max(0, pauses.down - 1), max(0, pauses.up - passed))
        let waits = share >= Self.waitingShare
        defer { waitedBefore = waits }
        if count > 1, waits, waitedBefore, pauses.down == 0 {
            return attempt(min(count - 1, max(1, Int(free))), pace)
        }
        // Others may take what this run leaves them, so that more is also tried where nothing seems free.
        if count < most, pauses.up == 0 {
            return attempt(max(count + 1, min(most, Int(free + 0.25))), pace)
        }
        return false
    }

    private mutating func attempt(_ threads: Int, _ pace: Double) -> Bool {
        trial = Trial(former: count, pace: pace)
        count = threads
        return true
    }

    /// Keeps a trial that made steps faster, and takes back another.
    private mutating func conclude(_ trial: Trial, _ pace: Double) -> Bool {
        let isUp = count > trial.former
        guard pace * Self.gain > trial.pace else {
            if isUp { lengths = (Self.patience.first, Self.patience.first) }
            pauses.up = lengths.up
            return false
        }
        count = trial.former
        if isUp {
            pauses.up = lengths.up
            lengths.up = min(2 * lengths.up, Self.patience.longest)
        } else {
            pauses.down = lengths.down
            lengths.down = min(2 * lengths.down, Self.patience.longest)
        }
        return true
    }
}
