import Torch
import TorchNN
import VisionModels

/// Plain knowledge distillation (KD): T² · KL(teacher ‖ student) of softened predictions.
///
/// With `standardize` each image's logits are first brought to mean 0 and deviation 1 in both networks, so
/// that their relations count and not their range.
///
/// Reference: Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015,
/// <https://arxiv.org/abs/1503.02531>, section 2; for `standardize` Sun et al., *Logit Standardization in
/// Knowledge Distillation*, CVPR 2024, <https://arxiv.org/abs/2403.01427>, section 4.2, with T 2 and weight 9
/// on CIFAR-100.
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

        /// Whether logits are brought to mean 0 and deviation 1 first.
        public var standardize: Bool

        /// The constants, as published where nothing else is given.
        public init(temperature: Double = 4, weight: Double = 0.9, standardize: Bool = false) {
            self.temperature = temperature
            self.weight = weight
            self.standardize = standardize
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .number(
            "temperature", \.temperature, .positive,
            "The number by which logits are divided before they are compared."),
        .weight(\.weight),
        .flag(
            "standardize", \.standardize,
            "Whether each image's logits are brought to mean 0 and deviation 1 first."),
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
        let target = softened(teacher)
        let prediction = softened(student)
        let divergence = (target.exp() * (target - prediction)).sum()
        return divergence * (settings.temperature * settings.temperature / Double(student.size(0)))
    }

    /// The logarithms of the probabilities that the term compares.
    private func softened(_ logits: Tensor) -> Tensor {
        let own = settings.standardize ? logits.full.standardized() : logits.full
        return (own / settings.temperature).logSoftmax(1)
    }
}

extension Tensor {
    /// Rows `[N, classes]` with mean 0 and deviation 1, the deviation being that of a sample.
    fileprivate func standardized() -> Tensor {
        let centered = self - mean([1], keepDimensions: true)
        let deviation =
            centered.norm([1], keepDimensions: true)
            / Double(Swift.max(size(1) - 1, 1)).squareRoot()
        // The published code's number, for logits that are all the same.
        return centered / (deviation + 1e-7)
    }
}
