import Torch
import TorchNN
import VisionModels

/// Relational knowledge distillation (RKD): distances of pairs and angles of triplets.
///
/// Smooth L1 of the pooled features' distances, each divided by the mean of the positive ones, and of
/// the cosines of the angles of all triplets. A batch of two has a pair and no angle; a batch of one, as
/// the last of an epoch may be, has no relations: its loss is 0 and teaches nothing.
///
/// Reference: Park et al., *Relational Knowledge Distillation*, CVPR 2019,
/// <https://arxiv.org/abs/1904.05068>, sections 3.2.1 and 3.2.2.
public final class RelationalKnowledgeDistillation: PlainMethod {
    /// `rkd`.
    public static let name = "rkd"

    /// In one sentence.
    public static let summary = "Relational distillation: distances and angles between images."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// The factor of the distances' part.
        public var distanceWeight: Double

        /// The factor of the angles' part.
        public var angleWeight: Double

        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(distanceWeight: Double = 25, angleWeight: Double = 50, weight: Double = 1) {
            self.distanceWeight = distanceWeight
            self.angleWeight = angleWeight
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .factor(
            "distance_weight", \.distanceWeight, "The factor of the distances' part of the term."),
        .factor("angle_weight", \.angleWeight, "The factor of the angles' part of the term."),
        .weight(\.weight),
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
        let (own, goal) = (student.full, teacher.full)
        return distances(own).smoothL1(distances(goal)) * settings.distanceWeight
            + angles(own).smoothL1(angles(goal)) * settings.angleWeight
    }

    /// Distances relative to the mean of the positive ones, `[N, N]`.
    private func distances(_ rows: Tensor) -> Tensor {
        let squares = (rows * rows).sum([1])
        let apart =
            squares.unsqueeze(1) + squares.unsqueeze(0) - rows.matmul(rows.transposed) * 2
        let places = Tensor.arange(0..<rows.size(0), device: rows.device)
        let isSelf = places.unsqueeze(0).isEqual(to: places.unsqueeze(1)).to(rows.dtype)
        let distances = apart.clamped(atLeast: 1e-12).sqrt() * (-isSelf + 1)
        let count = distances.detach().isGreater(than: 0).to(rows.dtype).sum()
        // The bounds matter to a batch of one alone, whose sum and count are 0.
        let mean = distances.sum() / count.clamped(atLeast: 1)
        return distances / mean.clamped(atLeast: 1e-12)
    }

    /// The cosine of the angle at i between j and k, `[N, N, N]`.
    private func angles(_ rows: Tensor) -> Tensor {
        let directions = (rows.unsqueeze(0) - rows.unsqueeze(1)).normalized(2)
        return directions.matmul(directions.transposed)
    }
}
