import Torch
import TorchNN

/// DIST: the correlation of predictions within an image and of a class within the batch.
///
/// τ² · (β · (1 − mean Pearson correlation of rows) + γ · (the same of columns)) of softened
/// predictions.
///
/// Reference: Huang et al., *Knowledge Distillation from A Stronger Teacher*, NeurIPS 2022,
/// <https://arxiv.org/abs/2205.10536>, equations 7 to 9.
public final class DIST: LogitMethod {
    /// `dist`.
    public static let name = "dist"

    /// In one sentence.
    public static let summary = "The correlation of predictions within an image and within a class."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// τ, by which logits are divided.
        public var temperature: Double

        /// β, the factor of the rows' part.
        public var beta: Double

        /// γ, the factor of the columns' part.
        public var gamma: Double

        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(
            temperature: Double = 4, beta: Double = 2, gamma: Double = 2, weight: Double = 1
        ) {
            self.temperature = temperature
            self.beta = beta
            self.gamma = gamma
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .number(
            "temperature", \.temperature, .positive,
            "The number by which logits are divided before they are compared."),
        .factor("beta", \.beta, "The factor of the correlation within an image."),
        .factor("gamma", \.gamma, "The factor of the correlation within a class."),
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

    /// The term for logits `[N, classes]`.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let own = (student.full / settings.temperature).softmax(1)
        let goal = (teacher.full / settings.temperature).softmax(1)
        let rows = distance(own, goal) * settings.beta
        let columns = distance(own.transposed, goal.transposed) * settings.gamma
        return (rows + columns) * (settings.temperature * settings.temperature)
    }

    /// 1 − the mean correlation of rows.
    private func distance(_ left: Tensor, _ right: Tensor) -> Tensor {
        func centered(_ rows: Tensor) -> Tensor { rows - rows.mean([1], keepDimensions: true) }
        let (a, b) = (centered(left), centered(right))
        let lengths = a.norm([1]) * b.norm([1]) + 1e-8
        return -((a * b).sum([1]) / lengths).mean() + 1
    }
}
