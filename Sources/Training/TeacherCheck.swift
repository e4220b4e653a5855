import Basics
import Distillation
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

/// How well a teacher knows the images that it is to teach, before it teaches.
package struct TeacherCheck {
    /// The network; nil for a program from a file.
    let model: Architecture?

    /// How often the first guess is right, in percent.
    let top1: Double

    /// How many images there were, and which, as `2000 images of the test set`.
    let images: String

    /// How many classes the data set has.
    let classCount: Int

    /// The data set.
    let dataset: Dataset

    /// Gathers what was measured.
    package init(
        model: Architecture?, top1: Double, images: String, classCount: Int,
        dataset: Dataset
    ) {
        self.model = model
        self.top1 = top1
        self.images = images
        self.classCount = classCount
        self.dataset = dataset
    }

    private var name: String { model?.name ?? TeacherSettings.program }

    /// The accuracy in one sentence.
    package var report: String {
        "the teacher \(name) is right on \(Self.percent(top1)) of \(images)"
    }

    /// What is wrong with a teacher that knows too little; nil where it knows enough.
    package var warning: TeacherWarning? {
        let guessing = 100 / Double(classCount)
        let published = dataset == .cifar100 ? model.flatMap(PublishedAccuracies.top1) : nil
        let reason: String
        if top1 < 3 * guessing {
            reason = "less than three times what guessing gives (\(Self.percent(guessing)))"
        } else if let published, top1 < published - 5 {
            reason =
                "more than 5 points below the \(Self.percent(published)) published for "
                + name
        } else {
            return nil
        }
        return TeacherWarning(
            problem: "\(report), which is \(reason).",
            remedy: "check that its file is of a trained \(model?.name ?? "network"), that it was "
                + "trained on \(dataset) with the classes in the same order, and its "
                + "normalization")
    }

    private static func percent(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let decimals = "\(hundredths % 100)"
        return "\(hundredths / 100).\(decimals.count == 1 ? "0" : "")\(decimals) %"
    }
}

/// A teacher that knows too little.
package struct TeacherWarning: Sendable, CustomStringConvertible {
    /// What it knows, and what was expected.
    package let problem: String

    /// What to check; the normalisation comes last.
    package let remedy: String

    /// Both, a sentence each.
    package var description: String { sentences(problem, remedy) }
}

extension Trainer {
    /// Measures the teacher as it will be asked in training, where it has not been measured, and tells.
    ///
    /// - Throws: `TrainingError.teacherNotFinite`, or `TrainingError.evaluationOutOfMemory`.
    func measureTeacher() throws {
        guard let teacher, state.teacherTop1 == nil else { return }
        if let known = options.teacherTop1 {
            state.teacherTop1 = known
            return
        }
        guard let check = try parts.check(teacher) else { return }
        state.teacherTop1 = check.top1
        report(check.warning.map { .warning($0) } ?? .remark(check.report))
    }
}

extension Recipe {
    /// Measures a teacher as it will be asked in training, on at most 2,000 images.
    ///
    /// Nothing of the run changes: the running statistics of a teacher that moves them are put back.
    ///
    /// - Parameters:
    ///   - teacher: of this recipe.
    ///   - data: the images.
    ///   - heldOut: the positions of those held out for validation, which are taken where there are some.
    /// - Returns: nil where the recipe has no teacher.
    /// - Throws: `TrainingError.teacherNotFinite`, or `TrainingError.evaluationOutOfMemory`.
    func check(
        _ teacher: Teacher, on data: TrainingData, heldOut: [Int64]
    ) throws -> TeacherCheck? {
        guard let settings = self.teacher else { return nil }
        let model = settings.isProgram ? nil : try Architecture(named: settings.model)
        let isHeldOut = !heldOut.isEmpty
        let all = isHeldOut ? heldOut : (0..<Int64(data.test.count)).map { $0 }
        let count = min(all.count, 2000)
        // A teacher that normalises with the batch's statistics is to see batches as in training.
        let images = (isHeldOut ? data.train : data.test).evaluation(
            positions: (0..<count).map { all[$0 * all.count / count] },
            normalization: dataset.normalization.normalization,
            batchSize: settings.batchNorm == .batch ? batchSize : min(evaluationBatchSize, 500))
        let hits = try teacher.hits(on: images)
        guard hits.isFinite else {
            throw TrainingError.teacherNotFinite(model: settings.model, images: count)
        }
        let place =
            isHeldOut
            ? "held out for validation"
            : "of the test set\(count < all.count ? ", a part of it" : "")"
        return TeacherCheck(
            model: model, top1: 100 * hits / Double(count), images: "\(count) images \(place)",
            classCount: data.train.classCount, dataset: dataset.images)
    }
}

extension Teacher {
    /// How many images are recognised; not a number where a logit is none.
    fileprivate func hits(on images: any EvaluationBatches) throws -> Double {
        try keepingStatistics(outOfMemoryFor: images) {
            var hits = 0.0
            try images.forEach { batch in
                let logits = self(batch.images, keepsPreactivations: false).scores.to(.float32)
                let isSound = logits.isFinite().all().item() == 1
                hits += logits.argmax(1).isEqual(to: batch.targets).sum().item()
                if !isSound { hits = .nan }
            }
            return hits
        }
    }

    /// Looks at images beside the training: the running statistics of a teacher that moves them are put back.
    ///
    /// - Throws: `TrainingError.evaluationOutOfMemory`, or what `body` throws.
    func keepingStatistics<Result>(
        outOfMemoryFor images: any EvaluationBatches, _ body: () throws -> Result
    ) throws -> Result {
        let moving = stateDict().map { (entry: $0, former: $0.tensor.clone()) }
        defer {
            withoutGrad { for (entry, former) in moving { _ = entry.tensor.copy(from: former) } }
        }
        do {
            return try collectingOperatorErrors(body)
        } catch let error as OperatorError where error.kind == .outOfMemory {
            throw TrainingError.evaluationOutOfMemory(
                batchSize: images.batchSize, reason: error.reason)
        }
    }
}
