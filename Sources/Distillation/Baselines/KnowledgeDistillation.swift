import Torch
import TorchNN
import VisionModels

/// Plain knowledge distillation (KD): T² · KL(teacher ‖ student) of softened predictions.
///
/// Reference: Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015,
/// <https://arxiv.org/abs/1503.02531>, section 2.
public final class KnowledgeDistillation: KnowledgeTerm {
    /// `kd`.
    public let name = "kd"

    private let temperature: Double
    private let weight: Double

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - temperature: T, by which logits are divided.
    ///   - weight: of the term.
    public init(temperature: Double = 4, weight: Double = 0.9) {
        self.temperature = temperature
        self.weight = weight
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { weight }

    /// The divergence of the two networks' predictions.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        loss(student: observation.student.scores, teacher: observation.teacher.scores)
    }

    /// The term for logits `[N, classes]`, a mean over the batch.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let target = (teacher.full / temperature).logSoftmax(1)
        let prediction = (student.full / temperature).logSoftmax(1)
        let divergence = (target.exp() * (target - prediction)).sum()
        return divergence * (temperature * temperature / Double(student.size(0)))
    }
}
