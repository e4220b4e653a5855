import Torch
import TorchNN
import VisionModels

/// Plain knowledge distillation (KD): T² · KL(teacher ‖ student) of softened predictions.
///
/// Reference: Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015,
/// <https://arxiv.org/abs/1503.02531>, section 2.
public final class KnowledgeDistillation: PlainMethod {
    /// `kd`.
    public static let name = "kd"

    /// In one sentence.
    public static let summary = "Hinton's distillation: the teacher's softened predictions."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// T, by which logits are divided.
        public var temperature: Double

        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(temperature: Double = 4, weight: Double = 0.9) {
            self.temperature = temperature
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .number(
            "temperature", \.temperature, .positive,
            "The number by which logits are divided before they are compared."),
        .weight(\.weight),
    ]

    /// The defaults of mdistiller and RepDistiller, with which the published rows were made.
    public static func published(for use: MethodUse) -> Settings {
        var settings = Settings()
        // Beside another method as the labels, as with the authors' `--use-kl`.
        if use.names.count > 1 { settings.weight = 1 }
        return settings
    }

    /// Makes the term.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

    /// The divergence of the two networks' predictions.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        loss(student: observation.student.scores, teacher: observation.teacher.scores)
    }

    /// The term for logits `[N, classes]`, a mean over the batch.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let target = (teacher.full / settings.temperature).logSoftmax(1)
        let prediction = (student.full / settings.temperature).logSoftmax(1)
        let divergence = (target.exp() * (target - prediction)).sum()
        return divergence * (settings.temperature * settings.temperature / Double(student.size(0)))
    }
}
