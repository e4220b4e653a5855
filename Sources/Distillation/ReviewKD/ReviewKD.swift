import Torch
import TorchNN
import VisionModels

/// Distilling Knowledge via Knowledge Review.
///
/// Loss = cross entropy + weight · warm-up · Σ distance(level), plus plain KD where a term for it is
/// given. The student's features are taken after activation, the teacher's before.
///
/// Reference: Chen et al., CVPR 2021, <https://arxiv.org/abs/2104.09044>, section 3.3.
public final class ReviewKD: Distiller {
    /// The network that is being trained.
    public let student: any Backbone

    /// The blocks between the two networks, thrown away after training.
    public let review: ReviewModule

    private let teacher: Teacher
    private let settings: Settings

    /// The loss's constants.
    public struct Settings: Sendable {
        /// λ, the weight of the review term.
        public var weight: Double

        /// How the weight grows at the start.
        public var warmup: Warmup

        /// How far a feature is from its target.
        public var distance: ReviewDistance

        /// The weight of the labels' term.
        public var crossEntropyWeight: Double

        /// The term of plain KD beside the review, if any.
        public var softTargets: SoftTargets?

        /// The precision of the student's forward pass.
        public var precision: Precision

        /// Gathers the constants.
        public init(
            weight: Double, warmup: Warmup = .none, distance: ReviewDistance = .hcl,
            crossEntropyWeight: Double = 1, softTargets: SoftTargets? = nil,
            precision: Precision = .float32
        ) {
            self.weight = weight
            self.warmup = warmup
            self.distance = distance
            self.crossEntropyWeight = crossEntropyWeight
            self.softTargets = softTargets
            self.precision = precision
        }
    }

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - teacher: the teacher.
    ///   - review: made for this pair.
    ///   - settings: the loss's constants.
    public init(
        student: any Backbone, teacher: Teacher, review: ReviewModule, settings: Settings
    ) {
        self.student = student
        self.teacher = teacher
        self.review = review
        self.settings = settings
    }

    /// The student's parameters and the blocks'.
    public var trainableParameters: [NamedTensor] {
        student.parameters().map { $0.prefixed("student") } + review.parameters()
    }

    /// Cross entropy, the review term, and KD where it is on.
    public func losses(_ batch: Batch<Tensor>, at progress: TrainingProgress) -> LossTerms {
        forward(batch, at: progress).terms
    }

    /// The weights of cross entropy and review, and of KD where it is on.
    public func termWeights(at progress: TrainingProgress) -> [Double] {
        let review = settings.weight * settings.warmup.weight(at: progress)
        return [settings.crossEntropyWeight, review]
            + (settings.softTargets.map { [$0.weight] } ?? [])
    }

    /// The loss's terms, and the features that the review compares, from shallow to deep.
    func forward(
        _ batch: Batch<Tensor>, at progress: TrainingProgress
    ) -> (terms: LossTerms, pairs: [(student: Tensor, teacher: Tensor)]) {
        let knowledge = timed("teacher") { teacher(batch.images) }
        let weights = termWeights(at: progress)
        return withAutocast(settings.precision.autocast, on: batch.images.device) {
            let features = timed("student forward") { student.features(batch.images) }
            let logits = features.logits ?? student(batch.images)
            var terms = LossTerms(logits: logits)
            terms.add(
                "cross_entropy", logits.crossEntropy(batch.targets), weight: weights[0])
            let levels = ReviewModule.Input(
                student: features.levels, teacher: knowledge.preactivationLevels)
            let pairs = timed("ABF forward") { review(levels) }
            let distances = timed("HCL forward") {
                pairs.map { settings.distance($0.student, $0.teacher) }
            }
            terms.add(
                "review", distances.dropFirst().reduce(distances[0], +), weight: weights[1])
            if let softTargets = settings.softTargets, let teacherLogits = knowledge.logits {
                terms.add(
                    "kd", softTargets(student: logits, teacher: teacherLogits),
                    weight: weights[2])
            }
            return (terms, pairs)
        }
    }

    /// The student's state, the blocks', and the teacher's where it changes.
    public func stateDict() -> [NamedTensor] {
        student.stateDict().map { $0.prefixed("student") } + review.stateDict()
            + teacher.stateDict().map { $0.prefixed("teacher") }
    }
}
