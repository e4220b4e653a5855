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
        let processes = options.processes
        let precision = try recipe.precision ?? .standard(on: options.device)
        let distiller = try recipe.makeDetectionDistiller(
            detector, judgedBy: data.test.annotations, teacher: teacher, precision: precision,
            remark: { report(.remark($0)) })
        try recipe.requireShares(of: processes, distiller)
        let normalization = recipe.studentNormalization
        if let text = recipe.remarkOnFaithfulPictures { report(.remark(text)) }
        let optimizer = SGD(
            distiller.trainableParameters, options: recipe.optimizer.options)
        let steps = try TrainingStep(
            source: data.train.training(
                normalization: normalization, batchSize: recipe.batchSize,
                seed: UInt64(recipe.seed),
                withMasks: try DetectorArchitecture(named: recipe.student.model).hasMasks,
                share: Share(of: processes)),
            distiller: distiller, optimizer: optimizer, processes: processes,
            statistics: recipe.sharedStatistics(of: distiller, over: processes),
            device: options.device, usesGraph: false)
        let test: Judge = { progress in
            try detector.judge(
                data.test, normalization: normalization, batchSize: recipe.evaluationBatchSize,
                dtype: precision.dtype, over: processes, progress
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
                    normalization: normalization, details: DetectorCard(recipe, detector).details),
                imagesDigest: processes.size > 1 ? data.digest : ""),
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
    ///   - processes: those that each judge every n-th batch; all of them get all that was found.
    ///   - progress: told how many pictures of how many are done, again and again.
    /// - Returns: what was found, and the scores.
    /// - Throws: `TrainingError.evaluationOutOfMemory`, where pictures cannot be read, or where the annotations
    ///   cannot be compared with anything.
    public func judge(
        _ pictures: PictureSource, normalization: Normalization, batchSize: Int, dtype: DType,
        over processes: any ProcessGroup = SingleProcess(),
        _ progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws -> (scores: Scores, results: COCOResults) {
        let batches = try pictures.evaluation(
            normalization: normalization, batchSize: batchSize, share: Share(of: processes))
        return try namingEvaluationMemory(batchSize: batchSize) {
            let evaluator = DetectionEvaluator(
                foldedDetector(dtype: dtype), truths: pictures.annotations)
            var done = 0
            var meetings = try Meetings(
                of: processes,
                pieces: (batches.imageCount + batches.batchSize - 1) / batches.batchSize)
            try batches.forEach { batch in
                evaluator.add(batch)
                done += batch.count
                progress(done, batches.imageCount)
                try meetings.note()
            }
            try meetings.end()
            try evaluator.combine(over: processes)
            return (try evaluator.scores, evaluator.results)
        }
    }
}
