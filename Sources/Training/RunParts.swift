import Basics
import Distillation
import ImageFolders
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

/// Judges the student, and tells how many images of how many are done.
package typealias Judge = (_ progress: (_ done: Int, _ count: Int) -> Void) throws -> Scores

/// The parts of a run that depend on what its network is trained for, so that the trainer does not.
package struct RunParts {
    /// The method around the student.
    package let distiller: any Distiller

    /// Moves the distiller's parameters.
    package let optimizer: SGD

    /// The steps of its epochs.
    package let steps: any Steps

    /// The mean of the student's weights, where one is kept.
    package var average: WeightAverage?

    /// The score that picks the best epoch; more is better.
    package let primaryScore: String

    /// Judges the student on the images held out; nil where none are.
    package let validate: Judge?

    /// Judges the student on the test images.
    package let test: Judge

    /// Measures a teacher as it will be asked in training.
    package let check: (Teacher) throws -> TeacherCheck?

    /// Takes the mean of a teacher's pooled features over the training images of each class, and tells how many of how
    /// many images are done.
    package typealias ClassMeans = (
        _ teacher: Teacher, _ methods: String, _ progress: (_ done: Int, _ count: Int) -> Void
    ) throws -> Tensor

    /// The mean of a teacher's pooled features over the training images of each class, for the methods that are
    /// named.
    package let classMeans: ClassMeans

    /// How many training images there are, those held out included.
    package let trainingImages: Int

    /// How many test images there are.
    package let testImages: Int

    /// What the student's file says of itself.
    package let card: StudentCard

    /// The lists of images that have files of their own, by the names under which a run keeps them.
    package let lists: [(name: String, list: ImageList)]

    /// What the classes of all images make together, for a comparison between processes.
    package let imagesDigest: String

    /// Gathers the parts.
    package init(
        distiller: any Distiller, optimizer: SGD, steps: any Steps, average: WeightAverage? = nil,
        primaryScore: String, validate: Judge? = nil, test: @escaping Judge,
        check: @escaping (Teacher) throws -> TeacherCheck? = { _ in nil },
        classMeans: @escaping ClassMeans = { _, _, _ in
            preconditionFailure("a run without classes has no class means")
        }, trainingImages: Int,
        testImages: Int, card: StudentCard, lists: [(name: String, list: ImageList)] = [],
        imagesDigest: String = ""
    ) {
        self.distiller = distiller
        self.optimizer = optimizer
        self.steps = steps
        self.average = average
        self.primaryScore = primaryScore
        self.validate = validate
        self.test = test
        self.check = check
        self.classMeans = classMeans
        self.trainingImages = trainingImages
        self.testImages = testImages
        self.card = card
        self.lists = lists
        self.imagesDigest = imagesDigest
    }

    /// The network that is being trained.
    var student: any Module { distiller.student }
}

/// What the scores of the averaged student begin with.
let averagedScores = "ema_"

extension RunParts {
    /// The parts of a run that classifies images.
    ///
    /// - Parameters:
    ///   - recipe: what to do; its precision decides where it names one.
    ///   - data: the images, opened for the options' device.
    ///   - distiller: the method around the student.
    ///   - split: the positions to train on and those held out.
    ///   - options: device and graph.
    /// - Throws: `OperatorError` where there is no such card, or where images cannot be read.
    init(
        _ recipe: Recipe, _ data: TrainingData, _ distiller: any Distiller<Tensor>,
        split: (training: [Int64], validation: [Int64]), _ options: RunOptions
    ) throws {
        let processes = options.processes
        try recipe.requireShares(of: processes, distiller)
        let share = Share(of: processes)
        let dtype = try (recipe.precision ?? .standard(on: options.device)).dtype
        let normalization = recipe.dataset.normalization.normalization
        let task = distiller.task
        let averaged = try recipe.averaging.map { _ in
            try recipe.makeStudent(classCount: data.train.classCount, device: options.device)
        }
        func judge(_ images: any ImageSource, _ positions: [Int64]? = nil) -> Judge {
            let all = positions ?? (0..<Int64(images.count)).map { $0 }
            let batches = images.evaluation(
                positions: share.evaluation(of: all, batchSize: recipe.evaluationBatchSize),
                normalization: normalization, batchSize: recipe.evaluationBatchSize)
            let tasks = [task] + (averaged.map { [Classification($0)] } ?? [])
            return { progress in
                let found = try evaluate(
                    tasks, on: batches, dtype: dtype, over: processes, progress)
                var scores = found[0]
                if found.count > 1 { scores.add(found[1], as: averagedScores) }
                return scores
            }
        }
        let average = try recipe.averaging.flatMap { options in
            try averaged.map { try WeightAverage(of: distiller.student, in: $0, options: options) }
        }
        let optimizer = SGD(
            distiller.trainableParameters,
            options: recipe.optimizer.options)
        let source = try data.train.training(
            positions: split.training,
            TrainingPreparation(
                normalization: normalization, augmentation: recipe.dataset.augmentation,
                batchSize: recipe.batchSize, seed: UInt64(recipe.seed), share: share))
        let statistics = recipe.sharedStatistics(of: distiller, over: processes)
        self.init(
            distiller: distiller, optimizer: optimizer,
            steps: try TrainingStep(
                source: source, distiller: distiller, optimizer: optimizer, average: average,
                processes: processes, statistics: statistics, device: options.device,
                usesGraph: options.usesGraph && processes.size == 1),
            average: average, primaryScore: task.primaryScore,
            validate: split.validation.isEmpty ? nil : judge(data.train, split.validation),
            test: judge(data.test),
            check: { try recipe.check($0, on: data, heldOut: split.validation) },
            classMeans: {
                try recipe.classMeans(
                    of: $0, on: data, positions: split.training, method: $1, over: processes, $2)
            },
            trainingImages: data.train.count, testImages: data.test.count,
            card: StudentCard(recipe, data),
            lists: [("train", data.train.list), ("test", data.test.list)].compactMap { name, list in
                list.map { (name, $0) }
            }, imagesDigest: processes.size > 1 ? data.digest : "")
    }
}
