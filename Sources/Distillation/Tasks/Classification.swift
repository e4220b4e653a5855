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
            logits.argmax(1).isEqual(to: batch.targets).sum().to(.float64)
                * (100 / Double(batch.views))
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
    ///
    /// The loss is no number where a weight is infinite or no number.
    public func evaluator(dtype: DType) -> any Evaluator<Tensor> {
        withoutGrad {
            ClassificationEvaluator(
                backbone.folded(dtype: dtype),
                isSound: backbone.stateDict().firstNotFinite == nil)
        }
    }
}

/// Sums of losses and hits.
private final class ClassificationEvaluator: Evaluator {
    private let extractor: any FeatureExtractor

    /// False where a weight is infinite or no number, of which oneDNN's ReLU would make 0.
    private let isSound: Bool

    /// What the batches add, in their order.
    private var batches: [Sums] = []

    private struct Sums {
        var count = 0.0
        var loss = 0.0
        var hits1 = 0.0
        var hits5 = 0.0
    }

    init(_ extractor: any FeatureExtractor, isSound: Bool) {
        self.extractor = extractor
        self.isSound = isSound
    }

    func add(_ batch: Batch<Tensor>) {
        withoutGrad {
            // The first with a pass of its own for the last ReLU, since oneDNN's would make 0 of what
            // overflows.
            let scores =
                batches.isEmpty
                ? extractor.features(batch.images).scores : extractor.scores(of: batch.images)
            let logits = scores.to(.float32)
            let guesses = logits.topIndices(min(5, logits.size(1)), dimension: 1)  // [N, 5]
            let hits = guesses.isEqual(to: batch.targets.unsqueeze(1))
            let count = Double(batch.count)
            let loss = isSound ? logits.crossEntropy(batch.targets).item() : .nan
            batches.append(
                Sums(
                    count: count, loss: loss * count,
                    hits1: hits.narrow(1, 0..<1).sum().item(), hits5: hits.sum().item()))
        }
    }

    /// Each figure of a batch is added to zeros, so that all processes get it bit for bit.
    func combine(over processes: any ProcessGroup) throws {
        let (rank, size) = (processes.rank, processes.size)
        guard size > 1 else { return }
        let rows = try processes.greatest(of: batches.count)
        var own = [Double](repeating: 0, count: rows * size * 4)
        for (index, sums) in batches.enumerated() {
            let start = (index * size + rank) * 4
            own.replaceSubrange(
                start..<(start + 4), with: [sums.count, sums.loss, sums.hits1, sums.hits5])
        }
        let table = Tensor(own)
        try collectingOperatorErrors { processes.reduce([table], by: .sum) }
        let all = table.elements(as: Double.self)
        batches = stride(from: 0, to: all.count, by: 4).map {
            Sums(count: all[$0], loss: all[$0 + 1], hits1: all[$0 + 2], hits5: all[$0 + 3])
        }
    }

    var scores: Scores {
        let sums = batches.reduce(into: Sums()) { total, batch in
            total.count += batch.count
            total.loss += batch.loss
            total.hits1 += batch.hits1
            total.hits5 += batch.hits5
        }
        let count = sums.count
        return Scores(
            count: Int(count),
            [
                "loss": sums.loss / count, "top1": 100 * sums.hits1 / count,
                "top5": 100 * sums.hits5 / count,
            ])
    }
}
