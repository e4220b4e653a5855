import Torch
import TorchNN
import VisionModels

/// Similarity-preserving distillation (SP): which images of the batch look alike.
///
/// The batch's Gram matrices of the last stage, rows scaled to length 1; the squared Frobenius distance
/// divided by N².
///
/// Reference: Tung and Mori, *Similarity-Preserving Knowledge Distillation*, ICCV 2019,
/// <https://arxiv.org/abs/1907.09682>, equations 1 to 4.
public final class SimilarityPreserving: PlainMethod {
    /// `sp`.
    public static let name = "sp"

    /// In one sentence.
    public static let summary = "Similarity preserving: which images of a batch look alike."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(weight: Double = 3000) {
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
