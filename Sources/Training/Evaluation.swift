import RunRecords
import Torch
import TorchNN
import VisionData
import VisionModels

/// Evaluates a network, with its batch norms folded into the convolutions.
///
/// The network itself, its mode included, stays as it is.
///
/// - Parameters:
///   - network: the network.
///   - loader: the images.
///   - dtype: the type to compute in.
/// - Returns: loss and accuracies.
/// - Throws: `TrainingError.evaluationOutOfMemory`, or `OperatorError` where a card fails.
public func evaluate(
    _ network: any Backbone, on loader: EvaluationLoader, dtype: DType = .float32
) throws -> EvaluationResult {
    do {
        return try collectingOperatorErrors { sums(of: network, on: loader, dtype) }
    } catch let error as OperatorError where error.kind == .outOfMemory {
        throw TrainingError.evaluationOutOfMemory(
            batchSize: loader.batchSize, reason: error.reason)
    }
}

private func sums(
    of network: any Backbone, on loader: EvaluationLoader, _ dtype: DType
) -> EvaluationResult {
    withoutGrad {
        let extractor = network.folded(dtype: dtype)
        var loss = 0.0
        var hits1 = 0.0
        var hits5 = 0.0
        loader.forEachBatch { images, labels in
            // With its own pass for the last ReLU, since oneDNN's would make 0 of what is no number.
            guard let logits = extractor.features(images).logits?.to(.float32) else {
                preconditionFailure("evaluate: a network without a classifier")
            }
            let guesses = logits.topIndices(min(5, logits.size(1)), dimension: 1)  // [N, 5]
            let hits = guesses.isEqual(to: labels.unsqueeze(1))
            loss += logits.crossEntropy(labels).item() * Double(labels.count)
            hits1 += hits.narrow(1, 0..<1).sum().item()
            hits5 += hits.sum().item()
        }
        let count = Double(loader.imageCount)
        return EvaluationResult(
            loss: loss / count, top1: 100 * hits1 / count, top5: 100 * hits5 / count,
            count: loader.imageCount)
    }
}
