#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How far a run has come, as seen by schedules and warm-ups.
public struct TrainingProgress: Sendable, Equatable {
    /// The epoch, from 0.
    public let epoch: Int

    /// The step within the run, from 0.
    public let step: Int

    /// How many steps the whole run has.
    public let totalSteps: Int

    /// Gathers the numbers.
    public init(epoch: Int, step: Int, totalSteps: Int) {
        self.epoch = epoch
        self.step = step
        self.totalSteps = totalSteps
    }

    /// The share of the run that lies behind, 0 before the first step.
    public var fraction: Double { Double(step) / Double(max(totalSteps, 1)) }
}

/// The learning rate as a pure function of progress.
public enum LearningRateSchedule: Sendable, Equatable {
    /// One rate throughout.
    case constant(rate: Double)

    /// `rate`, multiplied by `factor` from each epoch in `milestones` on.
    case multiStep(rate: Double, milestones: [Int], factor: Double)

    /// Linear from `peak · initialFraction` to `peak` over `warmup` (a fraction of the run), then
    /// linear to `peak · finalFraction` at the end.
    case oneCycle(peak: Double, warmup: Double, initialFraction: Double, finalFraction: Double)

    /// Half a cosine from `rate` to `rate · finalFraction`.
    case cosine(rate: Double, finalFraction: Double)

    /// The rate of the step that `progress` is at.
    public func rate(at progress: TrainingProgress) -> Double {
        let fraction = progress.fraction
        switch self {
        case .constant(let rate):
            return rate
        case .multiStep(let rate, let milestones, let factor):
            return milestones.reduce(rate) { progress.epoch >= $1 ? $0 * factor : $0 }
        case .oneCycle(let peak, let warmup, let initialFraction, let finalFraction):
            guard fraction >= warmup else {
                return peak * interpolate(initialFraction, 1, at: fraction / warmup)
            }
            return peak * interpolate(1, finalFraction, at: (fraction - warmup) / (1 - warmup))
        case .cosine(let rate, let finalFraction):
            return rate * interpolate(finalFraction, 1, at: (1 + cos(.pi * fraction)) / 2)
        }
    }
}

/// A weight that grows linearly to 1, as a pure function of progress.
public enum Warmup: Sendable, Equatable {
    /// Full weight from the start.
    case none

    /// `min(1, epoch / epochs)`, constant within an epoch and 0 in the first, as ReviewKD's authors
    /// have it.
    case epochs(Int)

    /// `min(1, done / fraction)`, where `done` is the share of the run up to and including the step.
    case fraction(Double)

    /// The weight of the step that `progress` is at, in 0...1.
    public func weight(at progress: TrainingProgress) -> Double {
        switch self {
        case .none, .epochs(0): return 1
        case .epochs(let epochs): return min(1, Double(progress.epoch) / Double(epochs))
        case .fraction(let fraction):
            guard fraction > 0 else { return 1 }
            let done = Double(progress.step + 1) / Double(max(progress.totalSteps, 1))
            return min(1, done / fraction)
        }
    }
}

private func interpolate(_ start: Double, _ end: Double, at share: Double) -> Double {
    start + (end - start) * min(max(share, 0), 1)
}
