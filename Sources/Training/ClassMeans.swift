import Basics
import Distillation
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

extension Trainer {
    /// Gives terms the class means that they want, before the first step.
    ///
    /// - Throws: as `RunParts.classMeans`.
    func takeClassMeans() throws {
        let terms = parts.distiller.classMeanTerms
        guard let teacher, !terms.isEmpty else { return }
        let names = terms.map(\.name).joined(separator: ", ")
        report(
            .remark("\(names): the teacher looks at every training image once, for its class means")
        )
        let means = try parts.classMeans(teacher, names) { done, count in
            report(.evaluation(done: done, of: count))
        }
        for term in terms { term.take(classMeans: means) }
    }
}

extension Recipe {
    /// The mean of a teacher's pooled features over the training images of each class.
    ///
    /// The images are not augmented. Every process sees all of them in the same batches, so that all get the same
    /// bits.
    ///
    /// - Parameters:
    ///   - teacher: of this recipe.
    ///   - data: the images.
    ///   - positions: of those to train on.
    ///   - method: what wants the means, for the error.
    ///   - processes: those that do the same.
    ///   - progress: told how many images of how many are done, again and again.
    /// - Returns: float32 `[classes, C]`.
    /// - Throws: `DistillationError.noClassMean` where a class has no image, `TrainingError.evaluationOutOfMemory`,
    ///   or where another process failed.
    func classMeans(
        of teacher: Teacher, on data: TrainingData, positions: [Int64], method: String,
        over processes: any ProcessGroup, _ progress: (_ done: Int, _ count: Int) -> Void
    ) throws -> Tensor {
        let labels = data.train.classes()
        let seen = Set(positions.map { labels[Int($0)] }).count
        let classCount = data.train.classCount
        guard seen == classCount else {
            throw DistillationError.noClassMean(
                method: method, classes: classCount - seen, of: classCount)
        }
        // A teacher that normalises with the batch's statistics is to see batches as in training, and folders list
        // one class after the other.
        let seesBatches = self.teacher?.batchNorm == .batch
        var random = CounterRandom(UInt64(seed), 15)
        return try teacher.classMeans(
            on: data.train.evaluation(
                positions: seesBatches ? positions.shuffled(using: &random) : positions,
                normalization: dataset.normalization.normalization,
                batchSize: seesBatches ? batchSize : min(evaluationBatchSize, 500)),
            classCount: classCount, over: processes, progress)
    }
}

extension Teacher {
    /// The mean of the pooled features over the images of each class, added up in float64.
    fileprivate func classMeans(
        on images: any EvaluationBatches, classCount: Int, over processes: any ProcessGroup,
        _ progress: (_ done: Int, _ count: Int) -> Void
    ) throws -> Tensor {
        try keepingStatistics(outOfMemoryFor: images) {
            var meetings = try Meetings(of: processes, pieces: images.batchCount)
            var done = 0
            var sums: Tensor?
            var counts = Tensor.zeros([classCount, 1], dtype: .float64)
            try images.forEach { batch in
                withoutGrad {
                    let rows = self(batch.images, keepsPreactivations: false).pooledRows.to(.cpu)
                        .to(.float64)
                    let classes = Tensor.arange(0..<classCount).unsqueeze(1)
                    // [classes, N]
                    let isOf = classes.isEqual(to: batch.targets.to(.cpu).unsqueeze(0))
                        .to(.float64)
                    let own = isOf.matmul(rows)
                    sums = sums.map { $0 + own } ?? own
                    counts = counts + isOf.sum([1], keepDimensions: true)
                }
                done += batch.count
                progress(done, images.imageCount)
                try meetings.note()
            }
            try meetings.end()
            guard let sums else { preconditionFailure("class means of no images") }
            return (sums / counts).to(.float32)
        }
    }
}
