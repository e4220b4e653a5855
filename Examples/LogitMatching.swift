import Distillation
import Torch
import VisionModels

/// Logit matching: the mean squared difference of the two networks' logits.
///
/// Reference: Ba and Caruana, *Do Deep Nets Really Need to be Deep?*, NIPS 2014, section 2.2.
public final class LogitMatching: PlainMethod, WeightedMethod {
    /// `mse`.
    public static let name = "mse"

    /// In one sentence.
    public static let summary = "Logit matching: the mean squared difference of the logits."

    /// The factor of the term in the loss.
    public static let publishedWeight = 1.0

    /// The constants that the term was made with.
    public let settings: WeightAlone

    /// Makes the term.
    public init(_ settings: WeightAlone = LogitMatching.published) {
        self.settings = settings
    }

    /// The difference of the logits.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        observation.student.scores.full.meanSquaredError(observation.teacher.scores.full)
    }
}
