import DetectionData
import DetectionTraining
import Detectors
import Recipes
import Torch
import TorchNN
import Training
import VisionData

/// How long one run would take on this machine.
public struct RunEstimate: Sendable, Encodable {
    /// The training images of an epoch.
    public let trainingImages: Int

    /// The images judged after each epoch, those held out included.
    public let evaluatedImages: Int

    /// The steps of the whole run.
    public let steps: Int

    /// Seconds of all steps and evaluations, without reading images.
    public let seconds: Double

    /// Bytes of the run's weights and of two checkpoints.
    public let diskBytes: Int

    enum CodingKeys: String, CodingKey {
        case steps, seconds
        case trainingImages = "training_images"
        case evaluatedImages = "evaluated_images"
        case diskBytes = "disk_bytes"
    }

    /// Measures a few steps on synthetic images.
    ///
    /// - Parameters:
    ///   - recipe: of the run.
    ///   - directory: the folder of the images; nil for the numbers of the published data set.
    ///   - device: where it would run.
    ///   - usesGraph: whether a card runs a step as one graph.
    ///   - adaptsThreads: whether it would take fewer threads where other programs use the processors.
    /// - Throws: where the images cannot be used, networks cannot be made or matched, or memory does not
    ///   suffice; `DatasetError.noFolder` where only the images' folder tells their number.
    public init(
        of recipe: Recipe, data directory: String?, device: Device, usesGraph: Bool,
        adaptsThreads: Bool = false
    ) throws {
        let plan =
            try recipe.isDetection ? Plan(ofDetector: recipe, directory) : Plan(recipe, directory)
        let length = RunLength(
            imagesPerEpoch: plan.trained, batchSize: recipe.batchSize, epochs: recipe.epochs)
        let cost = try RunCost(
            plan.seen, judging: plan.judging,
            precision: recipe.precision ?? .standard(on: device), device: device,
            usesGraph: usesGraph, adaptsThreads: adaptsThreads)
        trainingImages = plan.trained
        evaluatedImages = plan.judged
        steps = length.steps
        seconds = cost.seconds(
            trained: length.images(in: 0..<length.steps),
            evaluated: plan.evaluations * plan.judged)
        diskBytes = cost.weightBytes + 2 * cost.checkpointBytes
    }
}

/// What of a run decides how long it takes.
private struct Plan {
    /// Images in an epoch of training, and in an evaluation.
    let trained, judged: Int

    /// How often the run is evaluated.
    let evaluations: Int

    /// The recipe as training sees images, and as evaluation does.
    let seen, judging: Recipe

    /// The images of a network that classifies.
    init(_ recipe: Recipe, _ directory: String?) throws {
        let facts = try Self.facts(of: recipe, in: directory)
        try recipe.requireSplit(of: facts.trainingImages)
        trained = facts.trainingImages - recipe.validation.split
        judged = facts.testImages + recipe.validation.split
        evaluations = recipe.epochs
        (seen, judging) = (recipe, recipe)
    }

    /// Pictures as large as those of a detector are in the mean.
    init(ofDetector recipe: Recipe, _ directory: String?) throws {
        let shapes = try Self.shapes(of: recipe, in: directory)
        (trained, judged) = (shapes.trained.count, shapes.judged.count)
        evaluations = DetectionPictures.areJudgedEveryEpoch(judged) ? recipe.epochs : 1
        var (seen, judging) = (recipe, recipe)
        seen.dataset.pictures.fixedSize = shapes.trained.size
        judging.dataset.pictures.fixedSize = shapes.judged.size
        judging.batchSize = recipe.evaluationBatchSize
        (self.seen, self.judging) = (seen, judging)
    }

    /// The pictures of an epoch and those of an evaluation.
    private static func shapes(
        of recipe: Recipe, in directory: String?
    ) throws -> (trained: PictureShape, judged: PictureShape) {
        let images = recipe.dataset.images
        guard let directory else {
            guard let facts = images.facts else {
                throw DatasetError.noFolder(dataset: images.name)
            }
            let settings = recipe.dataset.pictures
            return (
                PictureShape(ofUnknown: facts.trainingImages, settings, isTraining: true),
                PictureShape(ofUnknown: facts.testImages, settings, isTraining: false)
            )
        }
        let pictures = try DetectionPictures(
            of: recipe, in: directory, reading: PhotographReading(), device: .cpu
        ) { _ in }
        let trained = try pictures.train.trainingShape(
            batchSize: recipe.batchSize, seed: UInt64(recipe.seed),
            withMasks: DetectorArchitecture(named: recipe.student.model).hasMasks)
        return (trained, pictures.test.evaluationShape(batchSize: recipe.evaluationBatchSize))
    }

    private static func facts(of recipe: Recipe, in directory: String?) throws -> Dataset.Facts {
        let images = recipe.dataset.images
        if directory == nil, let facts = images.facts { return facts }
        let data = try TrainingData(recipe.dataset, from: directory, device: .cpu) { _ in }
        return Dataset.Facts(
            trainingImages: data.train.count, testImages: data.test.count,
            classCount: data.train.classCount)
    }
}
