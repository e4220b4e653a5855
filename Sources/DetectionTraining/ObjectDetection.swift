import COCO
import Detectors
import Distillation
import Torch
import TorchNN
import VisionModels

/// A detector that learns from boxes, and is judged by COCO's figures.
public final class ObjectDetection: LearningTask {
    /// The detector.
    public let detector: any Detector

    private let truths: COCOAnnotations
    private let secondJudge: Teacher?

    /// The detector.
    public var network: any Module { detector }

    /// Those of the detector, such as `rpn_class`.
    public var lossNames: [String] { detector.lossNames }

    /// The average precision of the boxes.
    public let primaryScore = "AP"

    /// Trains a detector.
    ///
    /// - Parameters:
    ///   - detector: the network.
    ///   - truths: the objects in the images that it is judged on, with their masks where it has masks.
    ///   - secondJudge: whose opinion is wanted of the regions that the detector learns from; it sees the same
    ///     pictures. Nil where no method compares them.
    /// - Precondition: the second judge is a detector that judges regions.
    public init(
        _ detector: any Detector, judgedBy truths: COCOAnnotations, secondJudge: Teacher? = nil
    ) {
        self.detector = detector
        self.truths = truths
        self.secondJudge = secondJudge
    }

    /// The detector's losses.
    public func learn(from batch: Batch<[BoxTargets]>, keepsPreactivations: Bool) -> Lesson {
        let lesson = detector.learn(from: batch.images, batch.targets)
        return Lesson(
            features: lesson.features.with(logits: lesson.regions?.logits),
            classes: lesson.regions?.classes, losses: lesson.losses, measures: lesson.measures,
            secondOpinion: { [secondJudge] pyramid in
                guard let secondJudge, let regions = lesson.regions else { return pyramid }
                let logits = secondJudge.asking { network in
                    (network as? any RegionJudge)?.regionLogits(of: regions.boxes, in: pyramid)
                }
                guard let logits else {
                    preconditionFailure("ObjectDetection: the second judge judges no regions")
                }
                return pyramid.with(logits: logits)
            })
    }

    /// The detector's.
    public func runState() -> [NamedTensor] { detector.runState() }

    /// COCO's figures of a folded copy.
    public func evaluator(dtype: DType) -> any Evaluator<[BoxTargets]> {
        DetectionEvaluator(detector.foldedDetector(dtype: dtype), truths: truths)
    }
}
