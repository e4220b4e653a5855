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
public struct LearningRateSchedule: Sendable, Equatable {
    /// The highest rate of the run.
    public var peak: Double

    /// How the rate moves below it.
    public var shape: LearningRateShape

    /// Joins a rate and a shape.
    public init(peak: Double, shape: LearningRateShape) {
        self.peak = peak
        self.shape = shape
    }

    /// The rate of the step that `progress` is at.
    public func rate(at progress: TrainingProgress) -> Double {
        let fraction = progress.fraction
        switch shape {
        case .constant:
            return peak
        case .multiStep(let steps):
            let rate = steps.milestones.reduce(peak) {
                progress.epoch >= $1 ? $0 * steps.factor : $0
            }
            guard progress.step < steps.warmupSteps else { return rate }
            let share = Double(progress.step) / Double(steps.warmupSteps)
            return rate * interpolate(steps.initialFraction, 1, at: share)
        case .oneCycle(let cycle):
            let warmup = cycle.warmup
            guard fraction >= warmup else {
                return peak * interpolate(cycle.initialFraction, 1, at: fraction / warmup)
            }
            return peak
                * interpolate(1, cycle.finalFraction, at: (fraction - warmup) / (1 - warmup))
        case .cosine(let half):
            guard fraction >= half.warmup else {
                return peak * interpolate(half.initialFraction, 1, at: fraction / half.warmup)
            }
            let rest = half.warmup < 1 ? (fraction - half.warmup) / (1 - half.warmup) : 0
            return peak * interpolate(half.finalFraction, 1, at: (1 + cos(.pi * rest)) / 2)
        }
    }
}

/// How the learning rate moves during a run, in shares of its peak.
public enum LearningRateShape: Sendable, Equatable {
    /// The peak throughout.
    case constant

    /// Lower from certain epochs on.
    case multiStep(MultiStep)

    /// Up, then down, in two straight lines.
    case oneCycle(OneCycle)

    /// Half a cosine down.
    case cosine(Cosine)

    /// The peak, multiplied by `factor` from each epoch in `milestones` on, behind a linear warm-up where there
    /// is one.
    public struct MultiStep: Sendable, Equatable {
        /// The first epochs, counted from 0, at each lower rate, in rising order.
        public var milestones: [Int]

        /// What each milestone multiplies the rate by.
        public var factor: Double

        /// The steps in which the rate rises, as detectors are trained.
        public var warmupSteps: Int

        /// The share of the rate at the first of them.
        public var initialFraction: Double

        /// Gathers the numbers; without a warm-up the rate begins at its peak.
        public init(
            milestones: [Int], factor: Double = 0.1, warmupSteps: Int = 0,
            initialFraction: Double = 0.001
        ) {
            self.milestones = milestones
            self.factor = factor
            self.warmupSteps = warmupSteps
            self.initialFraction = initialFraction
        }
    }

    /// Linear from `initialFraction` to 1 over `warmup`, then linear to `finalFraction` at the end.
    ///
    /// The defaults are those of PyTorch's `OneCycleLR`.
    public struct OneCycle: Sendable, Equatable {
        /// The share of the run in which the rate rises.
        public var warmup: Double

        /// The share of the peak at the start.
        public var initialFraction: Double

        /// The share of the peak at the end.
        public var finalFraction: Double

        /// Gathers the numbers.
        public init(
            warmup: Double = 0.3, initialFraction: Double = 0.04, finalFraction: Double = 0.000004
        ) {
            self.warmup = warmup
            self.initialFraction = initialFraction
            self.finalFraction = finalFraction
        }
    }

    /// Half a cosine from 1 to `finalFraction`, behind a linear warm-up where there is one.
    public struct Cosine: Sendable, Equatable {
        /// The share of the peak at the end.
        public var finalFraction: Double

        /// The share of the run in which the rate rises.
        public var warmup: Double

        /// The share of the peak at the start of the warm-up.
        public var initialFraction: Double

        /// Gathers the numbers; without a warm-up the rate begins at its peak.
        public init(
            finalFraction: Double = 0, warmup: Double = 0, initialFraction: Double = 0.01
        ) {
            self.finalFraction = finalFraction
            self.warmup = warmup
            self.initialFraction = initialFraction
        }
    }
}

/// A weight that grows linearly to 1, as a pure function of progress.
public enum Warmup: Sendable, Equatable {
    /// `min(1, epoch / epochs)`, constant within an epoch and 0 in the first, as ReviewKD's authors
    /// have it.
    case epochs(Int)

    /// `min(1, done / fraction)`, where `done` is the share of the run up to and including the step.
    case fraction(Double)

    /// Full weight from the start.
    public static let none = Warmup.epochs(0)

    /// The weight of the step that `progress` is at, in 0...1.
    public func weight(at progress: TrainingProgress) -> Double {
        switch self {
        case .epochs(0): return 1
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
