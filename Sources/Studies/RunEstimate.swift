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
    /// - Throws: where the images cannot be used, networks cannot be made or matched, or memory does not
    ///   suffice; `DatasetError.noFolder` where only the images' folder tells their number.
    public init(of recipe: Recipe, data directory: String?, device: Device, usesGraph: Bool) throws
    {
        let facts = try Self.facts(of: recipe, in: directory)
        try recipe.requireSplit(of: facts.trainingImages)
        let length = RunLength(
            imagesPerEpoch: facts.trainingImages - recipe.validation.split,
            batchSize: recipe.batchSize, epochs: recipe.epochs)
        let cost = try RunCost(
            recipe, precision: recipe.precision ?? .standard(on: device), device: device,
            usesGraph: usesGraph)
        trainingImages = facts.trainingImages - recipe.validation.split
        evaluatedImages = facts.testImages + recipe.validation.split
        steps = length.steps
        seconds = cost.seconds(
            trained: length.images(in: 0..<length.steps),
            evaluated: recipe.epochs * evaluatedImages)
        diskBytes = cost.weightBytes + 2 * cost.checkpointBytes
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
