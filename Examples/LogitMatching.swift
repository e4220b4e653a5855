import Distillation
import Torch
import TorchNN
import VisionModels

/// Logit matching: the mean squared difference of the two networks' logits.
///
/// Reference: Ba and Caruana, *Do Deep Nets Really Need to be Deep?*, NIPS 2014, section 2.2.
public final class LogitMatching: PlainMethod {
    /// `mse`.
    public static let name = "mse"

    /// In one sentence.
    public static let summary = "Logit matching: the mean squared difference of the logits."

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(weight: Double = 1) {
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [.weight(\.weight)]

    /// The same for all networks.
    public static func published(for use: MethodUse) -> Settings { Settings() }

    private let settings: Settings

    /// Makes the term.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

    /// The difference of the logits.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        observation.student.scores.full.meanSquaredError(observation.teacher.scores.full)
    }
}
