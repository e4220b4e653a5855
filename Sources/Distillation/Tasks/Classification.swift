import Basics
import Torch
import TorchNN
import VisionModels

/// A network that tells which of several classes an image is of.
public final class Classification: LearningTask {
    /// The network, which has a classifier.
    public let backbone: any Backbone

    /// The network.
    public var network: any Module { backbone }

    /// Cross entropy alone.
    public let lossNames = ["cross_entropy"]

    /// How often the first guess is right.
    public let primaryScore = "top1"

    private let labelSmoothing: Double

    /// Trains a network by cross entropy.
    ///
    /// - Parameters:
    ///   - backbone: the network.
    ///   - labelSmoothing: the share of a label that is spread evenly over all classes, in training.
    public init(_ backbone: any Backbone, labelSmoothing: Double = 0) {
        self.backbone = backbone
        self.labelSmoothing = labelSmoothing
    }

    /// Cross entropy, and how many first guesses are right.
    public func learn(from batch: Batch<Tensor>, keepsPreactivations: Bool) -> Lesson {
        let features = backbone.features(
            batch.images, keepsPreactivations: keepsPreactivations)
        let logits = features.scores
        let hits = withoutGrad {
            logits.argmax(1).isEqual(to: batch.targets).sum().to(.float64) * 100
        }
        return Lesson(
            features: features, classes: batch.targets,
            losses: [
                (
                    "cross_entropy",
                    logits.crossEntropy(batch.targets, labelSmoothing: labelSmoothing)
                )
            ],
            measures: [("top1", hits)])
    }

    /// Mean cross entropy, and the accuracy of the first and of the first five guesses, with the batch norms
    /// folded into the convolutions.
    public func evaluator(dtype: DType) -> any Evaluator<Tensor> {
        ClassificationEvaluator(withoutGrad { backbone.folded(dtype: dtype) })
    }
}

/// Sums of losses and hits.
private final class ClassificationEvaluator: Evaluator {
    private let extractor: any FeatureExtractor
    private var count = 0
    private var loss = 0.0
    private var hits1 = 0.0
    private var hits5 = 0.0

    init(_ extractor: any FeatureExtractor) { self.extractor = extractor }

    func add(_ batch: Batch<Tensor>) {
        withoutGrad {
            // With its own pass for the last ReLU, since oneDNN's would make 0 of what is no number.
            let logits = extractor.features(batch.images).scores.to(.float32)
            let guesses = logits.topIndices(min(5, logits.size(1)), dimension: 1)  // [N, 5]
            let hits = guesses.isEqual(to: batch.targets.unsqueeze(1))
            loss += logits.crossEntropy(batch.targets).item() * Double(batch.count)
            hits1 += hits.narrow(1, 0..<1).sum().item()
            hits5 += hits.sum().item()
            count += batch.count
        }
    }

    var scores: Scores {
        let count = Double(count)
        return Scores(
            count: self.count,
            ["loss": loss / count, "top1": 100 * hits1 / count, "top5": 100 * hits5 / count])
    }
}
