import Torch
import VisionModels

/// Similarity-preserving distillation (SP): which images of the batch look alike.
///
/// The batch's Gram matrices of the last stage, rows scaled to length 1; the squared Frobenius distance
/// divided by N².
///
/// Reference: Tung and Mori, *Similarity-Preserving Knowledge Distillation*, ICCV 2019,
/// <https://arxiv.org/abs/1907.09682>, equations 1 to 4.
public final class SimilarityPreserving: PlainMethod, WeightedMethod {
    /// `sp`.
    public static let name = "sp"

    /// In one sentence.
    public static let summary = "Similarity preserving: which images of a batch look alike."

    /// The constants that the term was made with.
    public let settings: WeightAlone

    /// The default of mdistiller and RepDistiller, with which the published rows were made.
    public static let publishedWeight: Double = 3000

    /// Makes the term.
    public init(_ settings: WeightAlone = SimilarityPreserving.published) {
        self.settings = settings
    }

    /// The term for the two networks' last stages.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        inFullPrecision(on: observation.device) {
            let last = matchedStages(observation.student.stages, observation.teacher.stages)
            return loss(
                student: last[last.count - 1].student, teacher: last[last.count - 1].teacher)
        }
    }

    /// The term for features `[N, C, H, W]` of any widths and sizes.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        func similarities(_ feature: Tensor) -> Tensor {
            let rows = feature.full.flatten(from: 1)
            return rows.matmul(rows.transposed).normalized(1)  // [N, N]
        }
        return similarities(student).meanSquaredError(similarities(teacher))
    }
}
