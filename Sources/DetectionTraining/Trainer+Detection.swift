import Basics
import COCO
import DetectionData
import Detectors
import Distillation
import Recipes
import RunRecords
import Torch
import TorchNN
import Training
import VisionData

extension Trainer {
    /// Prepares a run around a detector.
    ///
    /// - Parameters:
    ///   - recipe: what to do; its precision decides where it names one.
    ///   - data: the pictures, on the options' device.
    ///   - detector: the student, in training mode, on the options' device.
    ///   - teacher: a detector as the recipe makes it a teacher; nil for a student alone.
    ///   - options: folder, device and limits.
    ///   - report: called with everything that happens.
    /// - Throws: where the networks cannot be matched, or the folder or the pictures cannot be used.
    public convenience init(
        recipe: Recipe, data: DetectionPictures, detector: any Detector, teacher: Teacher?,
        options: RunOptions, report: @escaping (TrainingEvent) -> Void
    ) throws {
        guard options.processes.size == 1 else {
            throw TrainingError.oneProcess(what: "a detector", processes: options.processes.size)
        }
        let precision = try recipe.precision ?? .standard(on: options.device)
        let distiller = try recipe.makeDetectionDistiller(
            detector, judgedBy: data.test.annotations, teacher: teacher, precision: precision,
            remark: { report(.remark($0)) })
        let normalization = recipe.studentNormalization
        if let text = recipe.remarkOnFaithfulPictures { report(.remark(text)) }
        let optimizer = SGD(
            distiller.trainableParameters, options: recipe.optimizer.options)
        let steps = try TrainingStep(
            source: data.train.training(
                normalization: normalization, batchSize: recipe.batchSize,
                seed: UInt64(recipe.seed),
                withMasks: try DetectorArchitecture(named: recipe.student.model).hasMasks),
            distiller: distiller, optimizer: optimizer, device: options.device, usesGraph: false)
        let test: Judge = { progress in
            try detector.judge(
                data.test, normalization: normalization, batchSize: recipe.evaluationBatchSize,
                dtype: precision.dtype, progress
            ).scores
        }
        try self.init(
            recipe: recipe,
            parts: RunParts(
                distiller: distiller, optimizer: optimizer, steps: steps,
                primaryScore: distiller.task.primaryScore, test: test,
                trainingImages: data.train.count,
                testImages: data.test.count,
                card: StudentCard(
                    model: recipe.student.model, classes: data.train.classNames,
                    normalization: normalization, details: DetectorCard(recipe, detector).details)),
            options: options, report: report)
    }
}

extension Detector {
    /// Judges the detector as it is now on pictures.
    ///
    /// - Parameters:
    ///   - pictures: with the objects in them.
    ///   - normalization: of the images.
    ///   - batchSize: pictures at a time.
    ///   - dtype: the type to compute in.
    ///   - progress: told how many pictures of how many are done, again and again.
    /// - Returns: what was found, and the scores.
    /// - Throws: `TrainingError.evaluationOutOfMemory`, where pictures cannot be read, or where the annotations
    ///   cannot be compared with anything.
    public func judge(
        _ pictures: PictureSource, normalization: Normalization, batchSize: Int, dtype: DType,
        _ progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws -> (scores: Scores, results: COCOResults) {
        let batches = try pictures.evaluation(normalization: normalization, batchSize: batchSize)
        return try namingEvaluationMemory(batchSize: batchSize) {
            let evaluator = DetectionEvaluator(
                foldedDetector(dtype: dtype), truths: pictures.annotations)
            var done = 0
            try batches.forEach { batch in
                evaluator.add(batch)
                done += batch.count
                progress(done, batches.imageCount)
            }
            return (try evaluator.scores, evaluator.results)
        }
    }
}
