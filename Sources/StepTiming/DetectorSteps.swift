import Basics
import COCO
import DetectionData
import DetectionTraining
import Detectors
import Distillation
import Recipes
import Torch
import TorchNN
import Training
import VisionData

/// Synthetic pictures with boxes, on the device.
package struct BenchmarkPictures {
    /// The classes of COCO.
    static let classCount = 80

    private static let boxesPerPicture = 8

    let batch: Batch<[BoxTargets]>

    /// Makes a batch.
    ///
    /// - Parameters:
    ///   - recipe: whose pictures are of one size, or of the largest that it has.
    ///   - share: this process's part of the batch.
    ///   - hasMasks: whether every box has a mask, which is a triangle.
    ///   - device: where the batch is to be.
    init(of recipe: Recipe, share: Share, hasMasks: Bool, device: Device) {
        let pictures = recipe.dataset.pictures
        let size =
            pictures.fixedSize
            ?? ImageSize(height: pictures.evaluationShortEdge, width: pictures.longestEdge)
        let padded = paddedSize(of: [size])
        let own = Array(stride(from: share.rank, to: recipe.batchSize, by: share.size))
        let images = Tensor.empty([own.count, 3, padded.height, padded.width])
            .fillNormal(generator: recipe.generator(12)).to(device).contiguous(.channelsLast)
        let targets = own.map { index -> BoxTargets in
            var random = CounterRandom(UInt64(recipe.seed), 14, UInt64(index))
            let corners = (0..<Self.boxesPerPicture).map { _ -> [Double] in
                let width = Double.random(in: 0.05...0.6, using: &random) * Double(size.width)
                let height = Double.random(in: 0.05...0.6, using: &random) * Double(size.height)
                let left = Double.random(in: 0...1, using: &random) * (Double(size.width) - width)
                let top = Double.random(in: 0...1, using: &random) * (Double(size.height) - height)
                return [left, top, left + width, top + height]
            }
            return BoxTargets(
                size: size,
                boxes: Tensor(
                    corners.flatMap(\.self).map(Float.init), shape: [corners.count, 4]
                ).to(device),
                classes: Tensor(
                    corners.map { _ in
                        Int64.random(in: 0..<Int64(Self.classCount), using: &random)
                    }
                ).to(device),
                masks: hasMasks
                    ? corners.map { .polygons([[$0[0], $0[1], $0[2], $0[1], $0[2], $0[3]]]) } : [],
                key: SampleKey(UInt64(recipe.seed), UInt64(index)))
        }
        batch = Batch(
            images: images, targets: targets,
            indices: Tensor(own.map(Int64.init)).to(device))
    }
}

extension Recipe {
    /// The method around a detector and a teacher whose weights are of no account.
    ///
    /// - Parameters:
    ///   - detector: the student; a new one where it is left out.
    ///   - precision: of both forward passes.
    ///   - device: where both are.
    ///   - remark: called with what a user should know about the method's choices.
    /// - Returns: the method, ready for a step.
    /// - Throws: where networks cannot be made or matched.
    package func makeUntrainedDistiller(
        of detector: (any Detector)? = nil, precision: Precision, device: Device,
        remark: (String) -> Void = { _ in }
    ) throws -> TaughtStudent<[BoxTargets]> {
        let classCount = BenchmarkPictures.classCount
        let teacher = try makeTeacherDetector(classCount: classCount, device: device)
            .flatMap { makeTeacher($0, precision: precision) }
        return try makeDetectionDistiller(
            try detector ?? makeDetector(classCount: classCount, device: device),
            judgedBy: COCOAnnotations(path: "", images: [], categories: [], annotations: []),
            teacher: teacher, precision: precision, remark: remark)
    }

    /// A step of a detector that ends with its work done.
    func makeDetectorStep(
        _ work: BenchmarkWork, precision: Precision, device: Device,
        _ processes: any ProcessGroup, _ reducedBytes: inout Int?, _ remark: (String) -> Void
    ) throws -> () throws -> Void {
        try requireImages(for: processes)
        let detector = try makeDetector(classCount: BenchmarkPictures.classCount, device: device)
        let hasMasks = try DetectorArchitecture(named: student.model).hasMasks
        let batch = BenchmarkPictures(
            of: self, share: Share(of: processes), hasMasks: hasMasks, device: device
        ).batch
        if work == .evaluate {
            detector.eval()
            let folded = detector.foldedDetector(dtype: precision.dtype)
            return { _ = folded.detections(in: batch.images, batch.targets) }
        }
        let recipe = work == .train ? studentAlone : self
        let distiller = try recipe.makeUntrainedDistiller(
            of: detector, precision: precision, device: device, remark: remark)
        try requireShares(of: processes, distiller)
        let training = BenchmarkedTraining(
            distiller, recipe.optimizer.options, batchSize: batchSize, device: device,
            over: processes)
        reducedBytes = training.reducedBytes(batch)
        // The weights stay near those that they began with, so that every step has the same work.
        return work == .reduce
            ? training.sum() : try training.step(learningRate: 1e-6) { batch }
    }
}
