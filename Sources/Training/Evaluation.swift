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
///   - processes: those that evaluate together, each of them its share of the images.
///   - progress: told how many images of how many are done, again and again.
/// - Returns: `loss`, and `top1` and `top5` in percent.
/// - Throws: `TrainingError.evaluationOutOfMemory`, or `OperatorError` where a card fails.
public func evaluate(
    _ network: any Backbone, on images: any EvaluationBatches, dtype: DType = .float32,
    over processes: any ProcessGroup = SingleProcess(),
    progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
) throws -> Scores {
    try evaluate(
        [Classification(network)], on: images, dtype: dtype, over: processes, progress)[0]
}

/// Judges networks by their tasks, in one pass over the images.
///
/// - Parameters:
///   - tasks: the networks and what they are trained for.
///   - images: the images.
///   - dtype: the type to compute in.
///   - processes: those that evaluate together, each of them its share of the images.
///   - progress: told how many images of how many are done, again and again.
/// - Returns: the scores of each task.
/// - Throws: `TrainingError.evaluationOutOfMemory`, or `OperatorError` where a card fails.
func evaluate(
    _ tasks: [any LearningTask<Tensor>], on images: any EvaluationBatches, dtype: DType,
    over processes: any ProcessGroup,
    _ progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
) throws -> [Scores] {
    do {
        return try collectingOperatorErrors {
            let evaluators = tasks.map { $0.evaluator(dtype: dtype) }
            var done = 0
            var meetings = try Meetings(of: processes, pieces: images.batchCount)
            try images.forEach { batch in
                evaluators.forEach { $0.add(batch) }
                done += batch.count
                progress(done, images.imageCount)
                try meetings.note()
            }
            try meetings.end()
            return try evaluators.map {
                try $0.combine(over: processes)
                return try $0.scores
            }
        }
    } catch let error as OperatorError where error.kind == .outOfMemory {
        throw TrainingError.evaluationOutOfMemory(
            batchSize: images.batchSize, reason: error.reason)
    }
}
