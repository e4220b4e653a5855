import Torch
import TorchNN
import VisionModels

/// The loss of plain knowledge distillation: T² · KL(teacher ‖ student) of softened predictions.
///
/// Reference: Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015,
/// <https://arxiv.org/abs/1503.02531>, section 2.
public struct SoftTargets: Sendable, Equatable {
    /// T, by which logits are divided.
    public var temperature: Double

    /// The term's weight in the total.
    public var weight: Double

    /// Gathers the constants.
    public init(temperature: Double = 4, weight: Double = 0.9) {
        self.temperature = temperature
        self.weight = weight
    }

    /// The term for logits `[N, classes]`, a mean over the batch.
    public func callAsFunction(student: Tensor, teacher: Tensor) -> Tensor {
        let dtype: DType = student.dtype == .float64 ? .float64 : .float32
        let target = (teacher.to(dtype) / temperature).logSoftmax(1)
        let prediction = (student.to(dtype) / temperature).logSoftmax(1)
        let divergence = (target.exp() * (target - prediction)).sum()
        return divergence * (temperature * temperature / Double(student.size(0)))
    }
}

/// Plain knowledge distillation (Hinton): cross entropy and softened predictions.
public final class KnowledgeDistillation: Distiller {
    /// The network that is being trained.
    public let student: any Backbone

    private let teacher: Teacher
    private let softTargets: SoftTargets
    private let crossEntropyWeight: Double
    private let precision: Precision

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - teacher: the teacher.
    ///   - softTargets: the distillation term.
    ///   - crossEntropyWeight: the weight of the labels' term.
    ///   - precision: of the student's forward pass.
    public init(
        student: any Backbone, teacher: Teacher, softTargets: SoftTargets,
        crossEntropyWeight: Double, precision: Precision
    ) {
        self.student = student
        self.teacher = teacher
        self.softTargets = softTargets
        self.crossEntropyWeight = crossEntropyWeight
        self.precision = precision
    }

    /// The student's parameters.
    public var trainableParameters: [NamedTensor] {
        student.parameters().map { $0.prefixed("student") }
    }

    /// Cross entropy and the distillation term.
    public func losses(_ batch: Batch<Tensor>, at progress: TrainingProgress) -> LossTerms {
        let knowledge = timed("teacher") { teacher(batch.images) }
        return withAutocast(precision.autocast, on: batch.images.device) {
            let logits = timed("student forward") { student(batch.images) }
            var terms = LossTerms(logits: logits)
            terms.add(
                "cross_entropy", logits.crossEntropy(batch.targets), weight: crossEntropyWeight)
            if let target = knowledge.logits {
                terms.add(
                    "kd", softTargets(student: logits, teacher: target),
                    weight: softTargets.weight)
            }
            return terms
        }
    }

    /// The labels' weight and the teacher's.
    public func termWeights(at progress: TrainingProgress) -> [Double] {
        [crossEntropyWeight, softTargets.weight]
    }

    /// The student's state, and the teacher's where it changes.
    public func stateDict() -> [NamedTensor] {
        student.stateDict().map { $0.prefixed("student") }
            + teacher.stateDict().map { $0.prefixed("teacher") }
    }
}
