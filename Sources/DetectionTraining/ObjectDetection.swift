import COCO
import Detectors
import Distillation
import Torch
import TorchNN

/// A detector that learns from boxes, and is judged by COCO's figures.
public final class ObjectDetection: LearningTask {
    /// The detector.
    public let detector: any Detector

    private let truths: COCOAnnotations

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
    public init(_ detector: any Detector, judgedBy truths: COCOAnnotations) {
        self.detector = detector
        self.truths = truths
    }

    /// The detector's losses.
    public func learn(from batch: Batch<[BoxTargets]>, keepsPreactivations: Bool) -> Lesson {
        let lesson = detector.learn(from: batch.images, batch.targets)
        return Lesson(
            features: lesson.features, losses: lesson.losses, measures: lesson.measures)
    }

    /// None: a picture has not one class.
    public func classes(in targets: [BoxTargets]) -> Tensor? { nil }

    /// The detector's.
    public func runState() -> [NamedTensor] { detector.runState() }

    /// COCO's figures of a folded copy.
    public func evaluator(dtype: DType) -> any Evaluator<[BoxTargets]> {
        DetectionEvaluator(detector.foldedDetector(dtype: dtype), truths: truths)
    }
}
