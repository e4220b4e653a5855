import Torch
import TorchNN
import VisionModels

/// Decoupled knowledge distillation (DKD): the teacher's confidence in the true class, and its
/// opinion about the others, weighed apart.
///
/// T² · (α · KL of the predictions true class / not + β · KL among the other classes).
///
/// Reference: Zhao et al., *Decoupled Knowledge Distillation*, CVPR 2022,
/// <https://arxiv.org/abs/2203.08679>, equation 7.
public final class DecoupledKnowledgeDistillation: PlainMethod {
    /// `dkd`.
    public static let name = "dkd"

    /// In one sentence.
    public static let summary = "Decoupled distillation: the true class and others weighed apart."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// T, by which logits are divided.
        public var temperature: Double

        /// α, the factor of the true class's part.
        public var alpha: Double

        /// β, the factor of the other classes' part.
        public var beta: Double

        /// The factor of the term in the loss.
        public var weight: Double

        /// Over how many epochs the weight grows; it is whole in the last of them.
        public var warmupEpochs: Int

        /// The constants, as published where nothing else is given.
        public init(
            temperature: Double = 4, alpha: Double = 1, beta: Double = 8, weight: Double = 1,
            warmupEpochs: Int = 0
        ) {
            self.temperature = temperature
            self.alpha = alpha
            self.beta = beta
            self.weight = weight
            self.warmupEpochs = warmupEpochs
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .number(
            "temperature", \.temperature, .positive,
            "The number by which logits are divided before they are compared."),
        .factor("alpha", \.alpha, "The factor of the true class's part."),
        .factor("beta", \.beta, "The factor of the other classes' part."),
        .weight(\.weight),
        .epochs(
            "warmup_epochs", \.warmupEpochs,
            "The epochs over which the weight grows; it is whole in the last of them."),
    ]

    /// The defaults of mdistiller and RepDistiller, with which the published rows were made.
    ///
    /// Those for detectors are of mdistiller's `detection`.
    public static func published(for use: MethodUse) -> Settings {
        guard !use.isDetection else { return Settings(temperature: 1, beta: 0.25) }
        return Settings(beta: publishedBeta(for: use), warmupEpochs: use.warmupEpochs)
    }

    /// β by the pair of networks.
    ///
    /// Source: mdistiller's configurations.
    private static func publishedBeta(for use: MethodUse) -> Double {
        switch (use.teacher, use.student) {
        case ("resnet110", "resnet32"), ("resnet56", "resnet20"): 2
        case ("vgg13", "vgg8"), ("vgg13", "MobileNetV2"), ("wrn_40_2", "wrn_16_2"),
            ("wrn_40_2", "wrn_40_1"):
            6
        default: Settings().beta
        }
    }

    /// Makes the term.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The weight times min(1, epoch / warm-up), where the authors count epochs from 1.
    public func weight(at progress: TrainingProgress) -> Double {
        settings.weight * min(1, Double(progress.epoch + 1) / Double(max(settings.warmupEpochs, 1)))
    }

    /// The term for the two networks' logits and the labels.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        loss(
            student: observation.student.scores, teacher: observation.teacher.scores,
            targets: observation.labels)
    }

    /// The term for logits `[N, classes]`, of images or of regions, and int64 targets `[N]`, a mean over the batch.
    public func loss(student: Tensor, teacher: Tensor, targets: Tensor) -> Tensor {
        let labels = targets.unsqueeze(1)  // [N, 1]
        let classes = Tensor.arange(0..<student.size(1), device: student.device).unsqueeze(0)
        let isTrue = labels.isEqual(to: classes).to(student.full.dtype)  // [N, classes]
        let own = split(student.full / settings.temperature, labels, isTrue)
        let goal = split(teacher.full / settings.temperature, labels, isTrue)
        let first =
            goal.isTrue.exp() * (goal.isTrue - own.isTrue)
            + goal.isOther.exp() * (goal.isOther - own.isOther)
        let second = goal.others.exp() * (goal.others - own.others)
        let factor = settings.temperature * settings.temperature / Double(student.size(0))
        return first.sum() * (settings.alpha * factor) + second.sum() * (settings.beta * factor)
    }

    private struct Parts {
        /// The logarithms of the probabilities of the true class and of any other, `[N, 1]`.
        let isTrue: Tensor
        let isOther: Tensor

        /// The logarithms of the probabilities among the other classes, `[N, classes]`.
        let others: Tensor
    }

    private func split(_ logits: Tensor, _ labels: Tensor, _ isTrue: Tensor) -> Parts {
        let whole = logits.logSumExp(1, keepDimensions: true)
        // e⁻¹⁰⁰⁰ is 0 in every floating-point type.
        let masked = logits - isTrue * 1000
        let rest = masked.logSumExp(1, keepDimensions: true)
        return Parts(
            isTrue: logits.take(along: 1, labels) - whole, isOther: rest - whole,
            others: masked - rest)
    }
}

extension DecoupledKnowledgeDistillation: DetectionMethod {
    /// Yes: the regions that the student learns from, background being a class like others.
    public static let comparesRegions = true

    /// Makes the term.
    public convenience init(_ settings: Settings, in place: PyramidPlace) { self.init(settings) }
}
