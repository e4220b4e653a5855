import Basics
import Torch
import TorchNN
import VisionModels

/// A network and what it is trained for: how it learns from a batch, and how it is judged.
public protocol LearningTask<Targets>: AnyObject {
    /// What a batch is labelled with.
    associatedtype Targets

    /// The network.
    var network: any Module { get }

    /// The names of the labels' losses, in their order.
    var lossNames: [String] { get }

    /// The name of the score that picks the best epoch; more is better.
    var primaryScore: String { get }

    /// One forward pass that learns.
    ///
    /// - Parameters:
    ///   - batch: normalised images with their targets.
    ///   - keepsPreactivations: whether the features are wanted before the last activations too.
    /// - Returns: the features, the losses of the labels, and what is counted beside them.
    func learn(from batch: Batch<Targets>, keepsPreactivations: Bool) -> Lesson

    /// The classes of a batch's images, for methods that compare classes.
    ///
    /// - Parameter targets: of the batch.
    /// - Returns: int64 `[N]`; nil where an image has not one class.
    func classes(in targets: Targets) -> Tensor?

    /// What changes in training beside the network's weights, for an exact continuation.
    func runState() -> [NamedTensor]

    /// Begins an evaluation of the network as it is now, which stays as it is.
    ///
    /// - Parameter dtype: the type to compute in.
    /// - Returns: what takes the batches.
    func evaluator(dtype: DType) -> any Evaluator<Targets>
}

extension LearningTask {
    /// Nothing.
    public func runState() -> [NamedTensor] { [] }
}

/// What a network makes of a batch that it learns from.
public struct Lesson {
    /// What methods compare.
    public let features: FeaturePyramid

    /// The losses of the labels, each a scalar, as `cross_entropy`.
    public let losses: [(name: String, value: Tensor)]

    /// What is counted beside the losses, each as its sum over the images, as `top1` in percent.
    public let measures: [(name: String, value: Tensor)]

    /// Gathers the tensors.
    public init(
        features: FeaturePyramid, losses: [(name: String, value: Tensor)],
        measures: [(name: String, value: Tensor)]
    ) {
        self.features = features
        self.losses = losses
        self.measures = measures
    }
}

/// Judges a network batch by batch.
public protocol Evaluator<Targets>: AnyObject {
    /// What a batch is labelled with.
    associatedtype Targets

    /// Lets the network see a batch.
    func add(_ batch: Batch<Targets>)

    /// The scores over all batches so far.
    ///
    /// - Throws: where they cannot be told.
    var scores: Scores { get throws }
}
