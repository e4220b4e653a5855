import Foundation
import Torch

/// Entropy-based weights (EA): images on which the networks are unsure count for more in the review.
///
/// The weight of an image is ½ · H(t) · (1 + H(s) / ln C). H is the entropy of a network's prediction over C classes
/// from its logits divided by a temperature, t is the teacher and s the student. The weight multiplies the
/// image's mean squared error at every level and every scale of the review. It has no gradient.
///
/// Reference: Su et al., *EA-KD: Entropy-based Adaptive Knowledge Distillation*, ICCV 2025,
/// <https://arxiv.org/abs/2311.13621>, equations 4 and 5; temperature 3 on CIFAR-100 and 2 on ImageNet.
public struct EntropyWeights: NamedMethod {
    /// `ea`.
    public static let name = "ea"

    /// In one sentence.
    public static let summary =
        "Entropy weights: the review counts images more on which the networks are unsure; only with `reviewkd`."

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .number(
            "temperature", \.temperature, .positive,
            "The number by which logits are divided before their entropy is taken.")
    ]

    /// The number that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// By what logits are divided.
        public var temperature: Double

        /// The constant, as published for CIFAR-100 where nothing else is given.
        public init(temperature: Double = 3) {
            self.temperature = temperature
        }
    }

    private let settings: Settings

    /// The temperature of the authors' configurations.
    public static func published(for use: MethodUse) -> Settings {
        Settings(temperature: use.student.hasPrefix("imagenet-") ? 2 : 3)
    }

    /// Takes the constant.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The weights of images.
    ///
    /// - Parameters:
    ///   - student: logits `[N, classes]`.
    ///   - teacher: logits of the same shape.
    /// - Returns: `[N]` without gradients, float32 unless the logits are float64.
    public func callAsFunction(student: Tensor, teacher: Tensor) -> Tensor {
        withoutGrad {
            let most = log(Double(student.size(1)))
            let unsure = entropy(teacher.detach().full)
            return unsure * (entropy(student.detach().full) / most + 1) * 0.5
        }
    }

    private func entropy(_ logits: Tensor) -> Tensor {
        let logarithms = (logits / settings.temperature).logSoftmax(1)
        return (logarithms.exp() * logarithms).sum([1]) * -1
    }
}
