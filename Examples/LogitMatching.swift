import Distillation
import Torch
import TorchNN
import VisionModels

/// Logit matching: the mean squared difference of the two networks' logits.
///
/// Reference: Ba and Caruana, *Do Deep Nets Really Need to be Deep?*, NIPS 2014, section 2.2.
public final class LogitMatching: KnowledgeTerm {
    /// `mse`.
    public let name = "mse"

    private let weight: Double

    /// Makes the term.
    ///
    /// - Parameter weight: of the term.
    public init(weight: Double = 1) {
        self.weight = weight
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { weight }

    /// The difference of the logits.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        observation.student.scores.full.meanSquaredError(observation.teacher.scores.full)
    }
}
