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

    /// The classes of what the logits of `features` judge, images or regions of them, int64 `[N]`; nil
    /// where there are no such logits.
    public let classes: Tensor?

    /// The losses of the labels, each a scalar, as `cross_entropy`.
    public let losses: [(name: String, value: Tensor)]

    /// What is counted beside the losses, each as its sum over the images, as `top1` in percent.
    public let measures: [(name: String, value: Tensor)]

    private let secondOpinion: (FeaturePyramid) -> FeaturePyramid

    /// Gathers the tensors.
    ///
    /// - Parameters:
    ///   - features: what methods compare.
    ///   - classes: of what the logits judge.
    ///   - losses: of the labels.
    ///   - measures: what is counted beside them.
    ///   - secondOpinion: adds to a teacher's pyramid what the teacher says of the regions that the student
    ///     judged. The pyramid stays as it is where images are judged, since it has the logits then.
    public init(
        features: FeaturePyramid, classes: Tensor?, losses: [(name: String, value: Tensor)],
        measures: [(name: String, value: Tensor)],
        secondOpinion: @escaping (FeaturePyramid) -> FeaturePyramid = { $0 }
    ) {
        self.features = features
        self.classes = classes
        self.losses = losses
        self.measures = measures
        self.secondOpinion = secondOpinion
    }

    /// A teacher's pyramid of the same batch, with logits for what the student's logits judge.
    func answered(by teacher: FeaturePyramid) -> FeaturePyramid {
        withoutGrad { secondOpinion(teacher) }
    }
}

/// Judges a network batch by batch.
public protocol Evaluator<Targets>: AnyObject {
    /// What a batch is labelled with.
    associatedtype Targets

    /// Lets the network see a batch.
    func add(_ batch: Batch<Targets>)

    /// Takes in what the evaluators of the other processes have seen, each of them batches of its own, so that all
    /// have the same scores.
    ///
    /// Each process sees every `size`th batch, as `Share` deals them out.
    ///
    /// - Parameter processes: those that evaluate together.
    /// - Throws: where another process failed.
    func combine(over processes: any ProcessGroup) throws

    /// The scores over all batches so far.
    ///
    /// - Throws: where they cannot be told.
    var scores: Scores { get throws }
}
