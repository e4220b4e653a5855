import Distillation
import NetworkFiles
import Recipes
import RunRecords
import TensorFiles
import Torch
import TorchNN
import VisionData
import VisionModels

extension Trainer {
    /// Prepares a run around a student that classifies.
    ///
    /// - Parameters:
    ///   - recipe: what to do; its precision decides where it names one.
    ///   - data: the images, on the options' device.
    ///   - distiller: the method around the student.
    ///   - options: folder, device and limits.
    ///   - report: called with everything that happens.
    /// - Throws: where the folder cannot be used or the split does not fit.
    public convenience init(
        recipe: Recipe, data: TrainingData, distiller: any Distiller<Tensor>, options: RunOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        let split = try recipe.split(data.train.count)
        try self.init(
            recipe: recipe, parts: RunParts(recipe, data, distiller, split: split, options),
            options: options, report: report)
    }

    /// Prepares a run from its recipe: makes the student and the method around it.
    ///
    /// - Parameters:
    ///   - recipe: what to do; its precision decides where it names one.
    ///   - data: the images, on the options' device.
    ///   - teacher: as the recipe makes it; nil for a student alone.
    ///   - studentWeights: a file that the student starts from, instead of its initial weights.
    ///   - studentWeightsKey: where in that file they are.
    ///   - hasNewClassifier: whether the student keeps its initial last layer, so that the file may be of
    ///     another number of classes.
    ///   - options: folder, device and limits.
    ///   - report: called with everything that happens.
    /// - Throws: where the networks cannot be made or matched, the folder cannot be used or the split
    ///   does not fit.
    public convenience init(
        recipe: Recipe, data: TrainingData, teacher: Teacher?,
        studentWeights: String? = nil, studentWeightsKey: WeightsKey = WeightsKey(),
        hasNewClassifier: Bool = false, options: RunOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        let classCount = data.train.classCount
        let split = try recipe.split(data.train.count)
        let student = try recipe.makeStudent(classCount: classCount, device: options.device)
        var options = options
        if let studentWeights {
            let tell = { (remark: WeightsRemark) in report(.remark(remark.ofStudent)) }
            let initial = try loadNetwork(
                recipe.student.model, weights: studentWeights, key: studentWeightsKey,
                device: options.device, remark: tell
            ) { model, files in
                hasNewClassifier ? model.classCount(in: files) ?? classCount : classCount
            }
            if hasNewClassifier {
                tell(
                    try student.takeOver(
                        initial, of: recipe.student.model, from: studentWeights))
            } else {
                try student.load(stateDict: initial.stateDict())
            }
            options.studentWeightsDigest = try sha256(ofFile: studentWeights)
        }
        let distiller = try recipe.makeDistiller(
            student: student, teacher: teacher,
            precision: recipe.precision ?? .standard(on: options.device),
            images: ImageFacts(data, heldOut: split.validation),
            remark: { report(.remark($0)) })
        try self.init(
            recipe: recipe, parts: RunParts(recipe, data, distiller, split: split, options),
            options: options, report: report)
        self.teacher = recipe.teacher.flatMap { _ in teacher }
    }
}

extension Recipe {
    /// Refuses to hold out all images or more.
    ///
    /// - Parameter count: how many there are.
    /// - Throws: `TrainingError.splitTooLarge`.
    package func requireSplit(of count: Int) throws(TrainingError) {
        guard validation.split < count else {
            throw .splitTooLarge(split: validation.split, count: count)
        }
    }

    /// The positions of the images to train on and of those to hold out.
    ///
    /// - Parameter count: how many there are.
    /// - Returns: both in rising order.
    /// - Throws: `TrainingError.splitTooLarge`.
    func split(_ count: Int) throws(TrainingError) -> (training: [Int64], validation: [Int64]) {
        try requireSplit(of: count)
        return validationSplit(holdingOut: validation.split, of: count, seed: UInt64(seed))
    }
}
