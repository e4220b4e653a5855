import Torch
import TorchNN
import VisionModels

/// The student trained on the labels alone, with no teacher.
public final class StudentAlone: Distiller {
    /// The network that is being trained.
    public let student: any Backbone

    private let precision: Precision

    /// Wraps a student.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - precision: of its forward pass.
    public init(student: any Backbone, precision: Precision) {
        self.student = student
        self.precision = precision
    }

    /// The student's parameters.
    public var trainableParameters: [NamedTensor] {
        student.parameters().map { $0.prefixed("student") }
    }

    /// Cross entropy.
    public func losses(_ batch: Batch<Tensor>, at progress: TrainingProgress) -> LossTerms {
        withAutocast(precision.autocast, on: batch.images.device) {
            let logits = timed("student forward") { student(batch.images) }
            var terms = LossTerms(logits: logits)
            terms.add("cross_entropy", logits.crossEntropy(batch.targets))
            return terms
        }
    }

    /// 1, for the cross entropy.
    public func termWeights(at progress: TrainingProgress) -> [Double] { [1] }

    /// The student's state.
    public func stateDict() -> [NamedTensor] { student.stateDict().map { $0.prefixed("student") } }
}
