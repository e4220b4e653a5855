import Torch
import TorchNN
import VisionModels

/// What both networks make of a batch.
public struct Observation {
    /// The student's features, with gradients.
    public let student: FeaturePyramid

    /// The teacher's features, without.
    public let teacher: FeaturePyramid

    /// The classes of what the networks' logits judge, images or regions of them, int64 `[N]`; nil where
    /// there are no logits.
    public let classes: Tensor?

    /// The images' positions in their set, int64 `[N]`.
    public let indices: Tensor

    /// Where the features are.
    public var device: Device { indices.device }

    /// Gathers the two sides.
    public init(
        student: FeaturePyramid, teacher: FeaturePyramid, classes: Tensor?, indices: Tensor
    ) {
        self.student = student
        self.teacher = teacher
        self.classes = classes
        self.indices = indices
    }

    /// The classes `[N]` of what must have one each.
    public var labels: Tensor {
        guard let classes else { preconditionFailure("this method needs classes and logits") }
        return classes
    }
}

/// What a method adds to the labels' loss.
///
/// A method is one term with its constants, and perhaps modules of its own that learn with the student
/// and are thrown away afterwards. Terms add up: ReviewKD and KD together are two terms.
public protocol KnowledgeTerm: AnyObject {
    /// The term's name in logs and records.
    var name: String { get }

    /// The term's weight in the total, as a pure function of progress.
    func weight(at progress: TrainingProgress) -> Double

    /// What the optimizer moves beside the student, under names that no other term has.
    var trainableParameters: [NamedTensor] { get }

    /// All of the term that an exact continuation needs.
    func stateDict() -> [NamedTensor]

    /// The modules that learn with the student.
    var modules: [any Module] { get }

    /// Whether the term remembers single images from step to step, so that one process has to see all of them.
    var remembersImages: Bool { get }

    /// Whose stages the term takes before their last activation.
    var preactivationsOf: Set<DistillationSide> { get }

    /// The unweighted value, a scalar.
    ///
    /// Called within the student's mixed precision; a term that wants float32 throughout says so with
    /// `inFullPrecision`.
    func callAsFunction(_ observation: Observation) -> Tensor
}

/// A term that compares with the teacher's mean features of each class.
public protocol ClassMeanTerm: KnowledgeTerm {
    /// Takes the means before the first step; a run that goes on has them in its state.
    ///
    /// - Parameter classMeans: of the teacher's pooled features over the training images, `[classes, C]`.
    func take(classMeans: Tensor)
}

/// One of the two networks.
public enum DistillationSide: Sendable { case student, teacher }

extension KnowledgeTerm {
    /// Only activated stages are taken.
    public var preactivationsOf: Set<DistillationSide> { [] }

    /// None.
    public var modules: [any Module] { [] }

    /// No.
    public var remembersImages: Bool { false }

    /// Nothing but the student learns.
    public var trainableParameters: [NamedTensor] { [] }

    /// There is no state.
    public func stateDict() -> [NamedTensor] { [] }
}

extension Tensor {
    /// In float32, or in float64 where it is already.
    public var full: Tensor { dtype == .float64 ? self : to(.float32) }
}

/// Runs `body` without mixed precision.
///
/// - Parameters:
///   - device: where it computes.
///   - body: what is to be kept in the precision of its inputs.
/// - Returns: what `body` returns.
public func inFullPrecision<Result>(on device: Device, _ body: () -> Result) -> Result {
    withAutocast(nil, on: device, body)
}
