import Torch
import VisionModels

/// Probabilistic knowledge transfer (PKT): each image's similarities to the others as a distribution.
///
/// Cosine similarities of the pooled features, moved to 0…1, rows scaled to sum 1; the mean over all
/// entries of t · log((t + ε) / (s + ε)).
///
/// Reference: Passalis and Tefas, *Learning Deep Representations with Probabilistic Knowledge
/// Transfer*, ECCV 2018, <https://arxiv.org/abs/1803.10837>, section 3.
public final class ProbabilisticKnowledgeTransfer: PlainMethod, WeightedMethod {
    /// `pkt`.
    public static let name = "pkt"

    /// In one sentence.
    public static let summary = "Probabilistic transfer: similarities as distributions."

    private let epsilon = 1e-7

    /// The constants that the term was made with.
    public let settings: WeightAlone

    /// The default of mdistiller and RepDistiller, with which the published rows were made.
    public static let publishedWeight: Double = 30_000

    /// Makes the term.
    public init(_ settings: WeightAlone = ProbabilisticKnowledgeTransfer.published) {
        self.settings = settings
    }

    /// The term for the two networks' pooled features.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        inFullPrecision(on: observation.device) {
            loss(student: observation.student.pooledRows, teacher: observation.teacher.pooledRows)
        }
    }

    /// The term for features `[N, C]` of any widths.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let own = similarities(student.full) + epsilon
        let goal = similarities(teacher.full)
        return (goal * ((goal + epsilon) / own).log()).mean()
    }

    private func similarities(_ rows: Tensor) -> Tensor {
        let length = (rows * rows).sum([1], keepDimensions: true).sqrt() + epsilon
        let unit = rows / length
        let shares = (unit.matmul(unit.transposed) + 1) / 2
        return shares / shares.sum([1], keepDimensions: true)
    }
}
