import Torch
import TorchNN
import VisionModels

/// Distilling Knowledge via Knowledge Review.
///
/// The sum over levels of the distance between the student's reviewed features, taken after
/// activation, and the teacher's, taken before. On ImageNet the authors take the student's before it, too.
///
/// Reference: Chen et al., CVPR 2021, <https://arxiv.org/abs/2104.09044>, section 3.3.
public final class ReviewKD: KnowledgeTerm {
    /// The blocks between the two networks, thrown away after training.
    public let review: ReviewModule

    /// `review`.
    public let name = "review"

    private let settings: Settings
    private let entropyWeights: EntropyWeights?

    /// The term's constants.
    public struct Settings: Sendable, Equatable {
        /// λ, the weight of the term.
        public var weight: Double

        /// How the weight grows at the start.
        public var warmup: Warmup

        /// How far a feature is from its target.
        public var distance: ReviewDistance

        /// Whether the student's features are those before the last activation of a stage, as the
        /// teacher's; else those after it.
        public var studentPreactivations: Bool

        /// Gathers the constants.
        public init(
            weight: Double, warmup: Warmup = .none, distance: ReviewDistance = .hcl,
            studentPreactivations: Bool = false
        ) {
            self.weight = weight
            self.warmup = warmup
            self.distance = distance
            self.studentPreactivations = studentPreactivations
        }
    }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - review: made for the pair.
    ///   - settings: the constants.
    ///   - entropyWeights: what weighs the images; nil where all count the same.
    public init(
        review: ReviewModule, settings: Settings, entropyWeights: EntropyWeights? = nil
    ) {
        self.review = review
        self.settings = settings
        self.entropyWeights = entropyWeights
    }

    /// λ times the warm-up.
    public func weight(at progress: TrainingProgress) -> Double {
        settings.weight * settings.warmup.weight(at: progress)
    }

    /// The blocks.
    public var modules: [any Module] { [review] }

    /// The blocks' parameters.
    public var trainableParameters: [NamedTensor] { review.parameters() }

    /// The blocks' state.
    public func stateDict() -> [NamedTensor] { review.stateDict() }

    /// The teacher's, and the student's where they are asked for.
    public var preactivationsOf: Set<DistillationSide> {
        settings.studentPreactivations ? [.student, .teacher] : [.teacher]
    }

    /// The features that are compared, from shallow to deep.
    func pairs(of observation: Observation) -> [(student: Tensor, teacher: Tensor)] {
        timed("ABF forward") {
            review(
                student: settings.studentPreactivations
                    ? observation.student.preactivationLevels : observation.student.levels,
                teacher: observation.teacher.preactivationLevels)
        }
    }

    /// The sum of the distances of pairs.
    func distance(
        of pairs: [(student: Tensor, teacher: Tensor)], imageWeights: Tensor? = nil
    ) -> Tensor {
        timed("HCL forward") {
            let distances = pairs.map {
                settings.distance($0.student, $0.teacher, imageWeights: imageWeights)
            }
            return distances.dropFirst().reduce(distances[0], +)
        }
    }

    /// The sum of the levels' distances.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        distance(
            of: pairs(of: observation),
            imageWeights: entropyWeights.map { weights in
                inFullPrecision(on: observation.device) {
                    weights(
                        student: observation.student.scores, teacher: observation.teacher.scores)
                }
            })
    }
}
