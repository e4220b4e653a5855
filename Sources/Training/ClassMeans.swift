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
        let means = try parts.classMeans(teacher, names)
        for term in terms { term.take(classMeans: means) }
    }
}

extension Recipe {
    /// The mean of a teacher's pooled features over the training images of each class.
    ///
    /// The images are not augmented. Their order and batches do not depend on the number of processes, so that all
    /// get the same bits.
    ///
    /// - Parameters:
    ///   - teacher: of this recipe.
    ///   - data: the images.
    ///   - positions: of those to train on.
    ///   - method: what wants the means, for the error.
    /// - Returns: float32 `[classes, C]`.
    /// - Throws: `DistillationError.noClassMean` where a class has no image, or
    ///   `TrainingError.evaluationOutOfMemory`.
    func classMeans(
        of teacher: Teacher, on data: TrainingData, positions: [Int64], method: String
    ) throws -> Tensor {
        let labels = data.train.classes()
        let seen = Set(positions.map { labels[Int($0)] }).count
        let classCount = data.train.classCount
        guard seen == classCount else {
            throw DistillationError.noClassMean(
                method: method, classes: classCount - seen, of: classCount)
        }
        return try teacher.classMeans(
            on: data.train.evaluation(
                positions: positions, normalization: dataset.normalization.normalization,
                batchSize: min(evaluationBatchSize, 500)), classCount: classCount)
    }
}

extension Teacher {
    /// The mean of the pooled features over the images of each class, added up in float64.
    fileprivate func classMeans(
        on images: any EvaluationBatches, classCount: Int
    ) throws -> Tensor {
        try keepingStatistics(outOfMemoryFor: images) {
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
            }
            guard let sums else { preconditionFailure("class means of no images") }
            return (sums / counts).to(.float32)
        }
    }
}
