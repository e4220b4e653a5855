import Torch
import TorchNN
import VisionModels

/// Probabilistic knowledge transfer (PKT): each image's similarities to the others as a distribution.
///
/// Cosine similarities of the pooled features, moved to 0…1, rows scaled to sum 1; the mean over all
/// entries of t · log((t + ε) / (s + ε)).
///
/// Reference: Passalis and Tefas, *Learning Deep Representations with Probabilistic Knowledge
/// Transfer*, ECCV 2018, <https://arxiv.org/abs/1803.10837>, section 3.
public final class ProbabilisticKnowledgeTransfer: PlainMethod {
    /// `pkt`.
    public static let name = "pkt"

    /// In one sentence.
    public static let summary = "Probabilistic transfer: similarities as distributions."

    private let epsilon = 1e-7

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(weight: Double = 30_000) {
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .weight(\.weight)
    ]

    /// The defaults of mdistiller and RepDistiller, with which the published rows were made.
    public static func published(for use: MethodUse) -> Settings {
        Settings()
    }

    /// Makes the term.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

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
