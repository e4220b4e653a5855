import Torch
import VisionModels

/// Attention transfer (AT): where in the map the features are strong.
///
/// For each stage the mean over channels of f^p, flattened and scaled to length 1; the mean squared
/// difference, summed over stages. Where sizes differ the larger feature is averaged down first.
///
/// Reference: Zagoruyko and Komodakis, *Paying More Attention to Attention*, ICLR 2017,
/// <https://arxiv.org/abs/1612.03928>, section 3.1.
public final class AttentionTransfer: PlainMethod, WeightedMethod {
    /// `at`.
    public static let name = "at"

    /// In one sentence.
    public static let summary = "Attention transfer: where in the map the features are strong."

    /// The constants that the term was made with.
    public let settings: WeightAlone

    /// The default of mdistiller and RepDistiller, with which the published rows were made.
    public static let publishedWeight: Double = 1000

    /// Yes.
    public static let comparesEveryStage = true

    /// Makes the term.
    public init(_ settings: WeightAlone = AttentionTransfer.published) {
        self.settings = settings
    }

    /// The sum over stages.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        let losses = matchedStages(observation.student.stages, observation.teacher.stages)
            .map { loss(student: $0.student, teacher: $0.teacher) }
        return losses.dropFirst().reduce(losses[0], +)
    }

    /// The term for features `[N, C, H, W]` of any widths and sizes.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let (own, goal) = samePixels(student.full, teacher.full)
        func attention(_ feature: Tensor) -> Tensor {
            (feature * feature).mean([1]).flatten(from: 1).normalized(1)  // [N, H · W]
        }
        return attention(own).meanSquaredError(attention(goal))
    }
}
