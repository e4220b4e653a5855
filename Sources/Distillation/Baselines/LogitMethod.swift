import Torch
import VisionModels

/// A method that compares both networks' logits, and nothing else, outside mixed precision.
public protocol LogitMethod: PlainMethod {
    /// The term for logits `[N, classes]`.
    ///
    /// - Parameters:
    ///   - student: with gradients.
    ///   - teacher: of the same shape.
    /// - Returns: a scalar.
    func loss(student: Tensor, teacher: Tensor) -> Tensor
}

extension LogitMethod {
    /// The term for what both networks say of a batch.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        inFullPrecision(on: observation.device) {
            loss(student: observation.student.scores, teacher: observation.teacher.scores)
        }
    }
}
