import Basics
import Distillation
import Torch
import TorchNN
import VisionData
import VisionModels

/// Judges a network that classifies, with its batch norms folded into the convolutions.
///
/// The network itself, its mode included, stays as it is.
///
/// - Parameters:
///   - network: the network.
///   - images: the images.
///   - dtype: the type to compute in.
/// - Returns: `loss`, and `top1` and `top5` in percent.
/// - Throws: `TrainingError.evaluationOutOfMemory`, or `OperatorError` where a card fails.
public func evaluate(
    _ network: any Backbone, on images: any EvaluationBatches, dtype: DType = .float32
) throws -> Scores {
    try evaluate(Classification(network), on: images, dtype: dtype)
}

/// Judges a network by its task.
///
/// - Parameters:
///   - task: the network and what it is trained for.
///   - images: the images.
///   - dtype: the type to compute in.
/// - Returns: the task's scores.
/// - Throws: `TrainingError.evaluationOutOfMemory`, or `OperatorError` where a card fails.
func evaluate(
    _ task: any LearningTask<Tensor>, on images: any EvaluationBatches, dtype: DType
) throws -> Scores {
    do {
        return try collectingOperatorErrors {
            let evaluator = task.evaluator(dtype: dtype)
            try images.forEach { evaluator.add($0) }
            return evaluator.scores
        }
    } catch let error as OperatorError where error.kind == .outOfMemory {
        throw TrainingError.evaluationOutOfMemory(
            batchSize: images.batchSize, reason: error.reason)
    }
}
