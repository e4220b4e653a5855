import Torch
import TorchNN

/// Multi-level logit distillation (MLKD): predictions are compared image by image, class by class and over the
/// batch, at five temperatures.
///
/// For each temperature T three parts are added up: the divergence of plain distillation; the squared difference of
/// the two networks' PᵀP over the number of classes; and that of their PPᵀ over the number of images. P holds the
/// softened predictions `[N, classes]`.
///
/// The authors' program multiplies each part by a mask of the less confident half of the images or classes, but
/// after its sum, so that the mask is a factor of one half. With that their figures were made, and `share` is that
/// factor. Their strong view of each image is not a part of the term.
///
/// Reference: Jin et al., *Multi-Level Logit Distillation*, CVPR 2023, section 3.3.
public final class MultiLevelLogitDistillation: LogitMethod {
    /// `mlkd`.
    public static let name = "mlkd"

    /// In one sentence.
    public static let summary =
        "Multi-level logit distillation: predictions of images, classes and batches at five temperatures."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// The first of the temperatures; the others are 2, 3, 5 and 6.
        public var temperature: Double

        /// The factor in the place of the masks.
        public var share: Double

        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(temperature: Double = 4, share: Double = 0.5, weight: Double = 0.9) {
            self.temperature = temperature
            self.share = share
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .number(
            "temperature", \.temperature, .positive,
            "The first number by which logits are divided; the others are 2, 3, 5 and 6."),
        .number("share", \.share, .fraction, "The factor in the place of the authors' masks."),
        .weight(\.weight),
    ]

    /// The defaults of the authors' configurations.
    public static func published(for use: MethodUse) -> Settings { Settings() }

    /// Makes the term.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

    /// The term for logits `[N, classes]`.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let parts = [settings.temperature, 2, 3, 5, 6].map { temperature in
            level(student.full / temperature, teacher.full / temperature, temperature)
        }
        return parts.dropFirst().reduce(parts[0], +) * settings.share
    }

    /// The three parts at one temperature, of logits that are divided by it.
    private func level(_ student: Tensor, _ teacher: Tensor, _ temperature: Double) -> Tensor {
        let (images, classes) = (Double(student.size(0)), Double(student.size(1)))
        let (prediction, target) = (student.logSoftmax(1), teacher.logSoftmax(1))
        let (own, goal) = (prediction.exp(), target.exp())
        let divergence = (goal * (target - prediction)).sum() * (temperature * temperature / images)
        let ofClasses = own.transposed.matmul(own) - goal.transposed.matmul(goal)
        let ofImages = own.matmul(own.transposed) - goal.matmul(goal.transposed)
        return divergence + ofClasses.sumOfSquares() / classes + ofImages.sumOfSquares() / images
    }
}
