import Torch
import TorchNN
import VisionModels

/// Norm and direction (ND): the student's pooled features are to point where the teacher's class mean points, and
/// to be long.
///
/// The mean over images of 1 − (s · e) / max(‖s‖, ‖t‖). Here s and t are the pooled features of student and
/// teacher, and e has length 1 and the direction of the teacher's mean over the training images of the image's
/// class. Where the widths differ a linear layer brings s to the teacher's width; the authors' program has a batch
/// norm and dropout before it, which are left out here. Joined with ReviewKD it is the authors' ReviewKD++.
///
/// The class means have to be given by `take(classMeans:)` before training. Until then they are 0, so that the
/// term is 1 and teaches nothing.
///
/// Reference: Wang et al., *Improving Knowledge Distillation via Regularizing Feature Norm and Direction*, 2023,
/// <https://arxiv.org/abs/2305.17007>, equation 7.
public final class NormAndDirection: DistillationMethod, ClassMeanTerm {
    /// `nd`.
    public static let name = "nd"

    /// In one sentence.
    public static let summary = "The norm and direction of pooled features, against class means."

    /// The weight's key in recipes.
    public static let constants: [MethodConstant<WeightAlone>] = [.weight(\.weight)]

    private let settings: WeightAlone
    private let parts: Parts

    /// What belongs to the term beside its weight.
    private final class Parts: Module {
        let embed: Linear?
        @Buffer var means: Tensor

        init(_ studentWidth: Int, _ teacherWidth: Int, classCount: Int, generator: Generator) {
            embed =
                studentWidth == teacherWidth
                ? nil : Linear(studentWidth, teacherWidth, generator: generator)
            means = Tensor.zeros([classCount, teacherWidth])
        }
    }

    /// The weight beside ReviewKD, by the pair of networks.
    ///
    /// Source: the authors' scripts for CIFAR-100 and ImageNet; 1 for the pairs that they have none for.
    public static func published(for use: MethodUse) -> WeightAlone {
        let weight: Double =
            switch (use.teacher, use.student) {
            case ("wrn_40_2", "wrn_40_1"), ("imagenet-ResNet50", "imagenet-MobileNetV1"): 4
            case ("ResNet50", "MobileNetV2"): 2
            case ("resnet32x4", "ShuffleV2"): 1.5
            default: 1
            }
        return WeightAlone(weight: weight)
    }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - settings: the constants.
    ///   - studentWidth: of the student's pooled features.
    ///   - teacherWidth: of the teacher's.
    ///   - classCount: how many class means there are.
    ///   - generator: the source of the linear layer's initial weights.
    ///   - device: where it lives.
    public init(
        _ settings: WeightAlone, studentWidth: Int, teacherWidth: Int, classCount: Int,
        generator: Generator, device: Device = .cpu
    ) {
        self.settings = settings
        parts = Parts(studentWidth, teacherWidth, classCount: classCount, generator: generator)
        parts.convert(device: device)
    }

    /// Makes the term at a place.
    public convenience init(_ settings: WeightAlone, in place: MethodPlace) {
        self.init(
            settings, studentWidth: place.student.pooledChannels,
            teacherWidth: place.teacher.pooledChannels, classCount: place.images.classCount,
            generator: place.generator, device: place.student.device)
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

    /// The linear layer, where there is one.
    public var modules: [any Module] { [parts] }

    /// The linear layer's parameters.
    public var trainableParameters: [NamedTensor] {
        parts.parameters().map { $0.prefixed("nd") }
    }

    /// The linear layer and the class means.
    public func stateDict() -> [NamedTensor] { parts.stateDict().map { $0.prefixed("nd") } }

    /// Keeps the class means.
    public func take(classMeans: Tensor) {
        withoutGrad { _ = parts.means.copy(from: classMeans) }
    }

    /// The term for both networks' pooled features.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        inFullPrecision(on: observation.device) {
            let own = observation.student.pooledRows.full
            return loss(
                student: parts.embed.map { $0(own) } ?? own,
                teacher: observation.teacher.pooledRows.full,
                means: parts.means.select(0, observation.labels).full)
        }
    }

    /// The term for features `[N, C]` of both networks and the mean of each image's class `[N, C]`, a mean over
    /// the batch.
    public func loss(student: Tensor, teacher: Tensor, means: Tensor) -> Tensor {
        let along = (student * means.normalized(1)).sum([1])
        let length = student.norm([1]).maximum(teacher.norm([1])).clamped(atLeast: 1e-12)
        return -(along / length).mean() + 1
    }
}
