import Torch

/// A running mean of a module's state, kept in another module of the same kind (EMA).
///
/// Everything that is a floating-point number is averaged, so that the running statistics of batch norms
/// belong to the averaged weights; counters are copied. After step t, counted from 0, the mean keeps the share
/// `min(decay, (1 + t) / (10 + t))` of itself, so that a short run does not end in its first weights.
///
/// Reference: Polyak and Juditsky, *Acceleration of Stochastic Approximation by Averaging*, 1992; the growing
/// share is that of TensorFlow's `ExponentialMovingAverage`.
public final class WeightAverage {
    /// The settings.
    public struct Options: Sendable, Equatable {
        /// The largest share of itself that the mean keeps at a step, in 0..<1.
        public var decay: Double

        /// Gathers the settings.
        public init(decay: Double) { self.decay = decay }

        /// The share of the newest weights in the mean after the step that `progress` is at.
        public func share(at progress: TrainingProgress) -> Double {
            let step = Double(progress.step)
            return 1 - min(decay, (1 + step) / (10 + step))
        }
    }

    /// The module that has the mean.
    public let module: any Module

    /// The settings.
    public let options: Options

    private let pairs: [(mean: Tensor, source: Tensor)]

    /// Begins with a module's weights as they are.
    ///
    /// - Parameters:
    ///   - source: whose weights are averaged.
    ///   - module: of the same kind and on the same device; it takes over the weights of `source`.
    ///   - options: the settings.
    /// - Throws: `StateDictError` where the modules are not of one kind.
    public init(
        of source: any Module, in module: any Module, options: Options
    ) throws(StateDictError) {
        self.module = module
        self.options = options
        try module.load(stateDict: source.stateDict())
        let sources = Dictionary(
            uniqueKeysWithValues: source.stateDict().map { ($0.name, $0.tensor) })
        pairs = module.stateDict().compactMap { entry in
            sources[entry.name].map { (entry.tensor, $0) }
        }
    }

    /// Moves the mean towards the newest weights.
    ///
    /// - Parameter share: `Options.share`, a float32 tensor with one element on the module's device.
    public func update(share: Tensor) {
        let share = share.reshape([])
        withoutGrad {
            for (mean, source) in pairs {
                if mean.dtype.isFloatingPoint {
                    mean.interpolate(to: source, share: share.to(mean.dtype))
                } else {
                    mean.copy(from: source)
                }
            }
        }
        forgetConvertedWeights()
    }
}
