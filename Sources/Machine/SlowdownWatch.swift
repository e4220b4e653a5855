import Basics

/// Notices that the steps of a run take many times what they took at its start.
///
/// Medians are compared, so that neither a single slow step nor noise counts, nor a run that is as slow from
/// its first step on.
package struct SlowdownWatch {
    /// What the steps took and take.
    package struct Slowdown: Equatable {
        /// The median of the first steps, in seconds.
        package let first: Double

        /// The median of the last steps, in seconds.
        package let last: Double
    }

    /// Steps that are not counted: the first ones of a process also prepare memory and kernels.
    package static let warmUp = 3

    /// How many steps tell what is usual.
    package static let firstCount = 50

    /// How many steps tell what is now.
    package static let lastCount = 20

    /// How many times slower the last steps must be.
    package static let factor = 3.0

    private var skipped = 0
    private var firstSteps: [Double] = []
    private var usual: Double?
    private var lastSteps: [Double] = []
    private var isDone = false

    /// Begins with a run's first step.
    package init() {}

    /// Takes in the duration of a step.
    ///
    /// - Parameter seconds: how long the step took.
    /// - Returns: the slowdown, once; nil where there is none, or it was told before.
    package mutating func add(seconds: Double) -> Slowdown? {
        guard !isDone else { return nil }
        guard skipped == Self.warmUp else {
            skipped += 1
            return nil
        }
        guard let usual else {
            firstSteps.append(seconds)
            if firstSteps.count == Self.firstCount { usual = firstSteps.median }
            return nil
        }
        lastSteps.append(seconds)
        if lastSteps.count > Self.lastCount { lastSteps.removeFirst() }
        guard lastSteps.count == Self.lastCount else { return nil }
        let last = lastSteps.median
        guard last >= Self.factor * usual else { return nil }
        isDone = true
        return Slowdown(first: usual, last: last)
    }
}
