import COCO
import DetectionData
import Detectors
import Torch
import TorchNN
import Training
import VisionData

/// Finds objects in pictures, with the pixels and the folded network of an evaluation.
public struct DetectionPredictor {
    private let detector: FoldedDetector
    private let normalization: Normalization

    /// Takes a detector as it is now.
    ///
    /// - Parameters:
    ///   - detector: in evaluation mode.
    ///   - normalization: of the images.
    ///   - dtype: the type to compute in.
    /// - Throws: `TrainingError.evaluationOutOfMemory`.
    public init(_ detector: any Detector, normalization: Normalization, dtype: DType) throws {
        self.detector = try namingEvaluationMemory(batchSize: 1) {
            detector.foldedDetector(dtype: dtype)
        }
        self.normalization = normalization
    }

    /// Finds objects, picture by picture.
    ///
    /// - Parameters:
    ///   - pictures: in whose annotations the categories are.
    ///   - body: takes a picture's position in the annotations and what was found, the surest objects first.
    /// - Throws: `TooManyUnreadable` where a picture cannot be read, `TrainingError.evaluationOutOfMemory`; what
    ///   `body` throws.
    public func predict(
        _ pictures: PictureSource, _ body: (_ position: Int, _ found: [COCOResult]) throws -> Void
    ) throws {
        let annotations = pictures.annotations
        let batches = try pictures.evaluation(normalization: normalization, batchSize: 1)
        try batches.forEach { batch in
            // What was found of a picture is used only once all of its operators are known to have worked.
            let found = try namingEvaluationMemory(batchSize: 1) {
                let positions = batch.indices.elements(as: Int64.self).map { Int($0) }
                let detections = detector.detections(in: batch.images, batch.targets)
                return zip(positions, detections).map { position, detections in
                    let image = annotations.images[position].id
                    return (
                        position,
                        detections.results(ofImage: image, categories: annotations.categories)
                    )
                }
            }
            for (position, results) in found { try body(position, results) }
        }
    }
}

/// Runs a part of an evaluation, and says of too little memory how many pictures it was for.
///
/// - Throws: `TrainingError.evaluationOutOfMemory`, and what `body` throws.
func namingEvaluationMemory<Result>(
    batchSize: Int, _ body: () throws -> Result
) throws -> Result {
    do {
        return try collectingOperatorErrors(body)
    } catch let error as OperatorError where error.kind == .outOfMemory {
        throw TrainingError.evaluationOutOfMemory(batchSize: batchSize, reason: error.reason)
    }
}
