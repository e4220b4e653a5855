import Basics
import COCO
import Detectors
import Distillation
import Foundation
import Masks
import Torch
import TorchNN

/// Gathers what a detector finds, and compares it with the truth as pycocotools does.
public final class DetectionEvaluator: Evaluator {
    private let detector: FoldedDetector
    private let truths: COCOAnnotations
    private var found: [COCOResult] = []
    private var hasMasks = false
    private var count = 0

    /// Begins without a picture.
    ///
    /// - Parameters:
    ///   - detector: for inference.
    ///   - truths: the pictures, whose positions are a batch's indices, with their objects.
    public init(_ detector: FoldedDetector, truths: COCOAnnotations) {
        self.detector = detector
        self.truths = truths
    }

    /// Lets the detector see pictures.
    public func add(_ batch: Batch<[BoxTargets]>) {
        let detections = detector.detections(in: batch.images, batch.targets)
        let positions = batch.indices.elements(as: Int64.self)
        for (position, detections) in zip(positions, detections) {
            hasMasks = hasMasks || detections.masks != nil
            found += detections.results(
                ofImage: truths.images[Int(position)].id, categories: truths.categories)
        }
        count += batch.count
    }

    /// Takes in what all processes have found, in the order of the pictures, as one process finds it.
    public func combine(over processes: any ProcessGroup) throws {
        guard processes.size > 1 else { return }
        let own = [UInt8](try results.encoded())
        let all = try (0..<processes.size).flatMap { rank in
            try COCOResults(
                data: Data(processes.broadcast(bytes: own, from: rank)), path: results.path
            ).results
        }
        let places = Dictionary(
            uniqueKeysWithValues: truths.images.enumerated().map { ($1.id, $0) })
        let byPicture = Dictionary(grouping: all) { places[$0.imageID] ?? 0 }
        found = byPicture.keys.sorted().flatMap { byPicture[$0] ?? [] }
        count = try processes.sum(of: count)
        hasMasks = try processes.greatest(of: hasMasks ? 1 : 0) == 1
    }

    /// What was found so far, in the form of a file of results.
    public var results: COCOResults { COCOResults(path: "the detections", results: found) }

    /// The twelve figures of the boxes and, with masks, the same of the masks behind `mask_`.
    ///
    /// - Throws: `COCOEvaluationError` where the annotations cannot be compared with anything.
    public var scores: Scores {
        get throws {
            var scores = Scores(count: count, [:])
            try add(.bbox, to: &scores, prefix: "")
            if hasMasks { try add(.segm, to: &scores, prefix: "mask_") }
            return scores
        }
    }

    private func add(
        _ type: COCOEvaluationType, to scores: inout Scores, prefix: String
    ) throws {
        let evaluation = try COCOEvaluation(of: results(for: type), with: truths, type: type)
        for (name, value) in zip(COCOFigures.names, evaluation.figures.values) {
            scores[prefix + name] = value
        }
    }

    /// What is compared.
    ///
    /// Where masks are, the sizes are those of masks and not of boxes, as in detectron2.
    private func results(for type: COCOEvaluationType) -> COCOResults {
        guard !found.isEmpty else { return nothing(type) }
        guard type == .segm else { return results }
        let masks = found.map {
            COCOResult(
                imageID: $0.imageID, categoryID: $0.categoryID, score: $0.score,
                segmentation: $0.segmentation)
        }
        return COCOResults(path: results.path, results: masks)
    }

    /// A result without a pixel, because pycocotools refuses a file without results: a detector that finds nothing
    /// has found no object.
    private func nothing(_ type: COCOEvaluationType) -> COCOResults {
        guard let image = truths.images.first, let category = truths.categories.first else {
            return results
        }
        let (height, width) = (image.height ?? 1, image.width ?? 1)
        let empty = COCOResult(
            imageID: image.id, categoryID: category.id, score: 0,
            box: type == .bbox ? COCOBox(x: 0, y: 0, width: 0, height: 0) : nil,
            segmentation: type == .bbox
                ? nil : .counts([height * width], height: height, width: width))
        return COCOResults(path: results.path, results: [empty])
    }
}

extension Detections {
    /// The detections as a file of results has them.
    ///
    /// - Parameters:
    ///   - image: what the picture is known by.
    ///   - categories: by the numbers of the classes.
    /// - Returns: one result for each, in order.
    public func results(
        ofImage image: COCOIdentifier, categories: [COCOCategory]
    ) -> [COCOResult] {
        let corners = boxes.to(.float64).elements(as: Double.self)
        let scores = scores.to(.float64).elements(as: Double.self)
        let masks = pixelMasks().map(runLengths)
        return classes.elements(as: Int64.self).enumerated().map { index, number in
            let box = corners[(4 * index)..<(4 * index + 4)].map { $0 }
            return COCOResult(
                imageID: image, categoryID: categories[Int(number)].id, score: scores[index],
                box: COCOBox(
                    x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1]),
                segmentation: masks.map { masks in
                    .packed(
                        Array(masks[index].packed.utf8), height: size.height, width: size.width)
                })
        }
    }

    private func runLengths(_ pixels: Tensor) -> [RunLengthMask] {
        (0..<pixels.size(0)).map { index in
            let bytes = pixels.narrow(0, index..<(index + 1)).to(.uint8).bytes()
            return RunLengthMask(pixels: bytes, height: size.height, width: size.width)
        }
    }
}
