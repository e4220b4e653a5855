import Distillation
import Torch
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

/// A student under a teacher on 20 small images: two batches of 8 and one of 4.
struct TrainingSetup {
    let recipe: Recipe
    let loader: TrainingLoader
    let distiller: any Distiller<Tensor>
    let optimizer: SGD

    enum Method: CaseIterable { case review, reviewAndKD, kd, alone }

    init(
        _ method: Method = .review, precision: Precision = .float32, device: Device = .cpu
    ) throws {
        var recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: ["method.review.warmup.fraction=0.7", "method.review.weight=0.6"])
        switch method {
        case .review: break
        case .reviewAndKD: recipe = try recipe.taught(by: [.reviewkd, .kd])
        case .kd: recipe = try recipe.taught(by: [.kd])
        case .alone: recipe = recipe.studentAlone
        }
        self.recipe = recipe
        let images = Self.images(device: device)
        loader = TrainingLoader(
            images, normalization: .cifar100,
            augmentation: Augmentation(cropPadding: 2, flips: true), batchSize: 8, seed: 5)
        let teacher = Self.teacher(device: device)
        let student = try recipe.makeStudent(classCount: 6, device: device)
        distiller = try recipe.makeDistiller(
            student: student, teacherNetwork: teacher, precision: precision)
        optimizer = SGD(distiller.trainableParameters)
    }

    static func teacher(device: Device = .cpu) -> any Backbone {
        let teacher = Architecture.resnet14.make(classCount: 6, generator: Generator(seed: 2))
        teacher.convert(device: device, format: .channelsLast)
        return teacher
    }

    static func images(device: Device = .cpu) -> ImageSet {
        ImageSet(
            pixels: (0..<(20 * 3 * 16 * 16)).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0) },
            labels: (0..<20).map { $0 % 6 }, height: 16, width: 16, classCount: 6,
            device: device)
    }

    func progress(_ epoch: Int, _ index: Int) -> TrainingProgress {
        TrainingProgress(
            epoch: epoch, step: epoch * loader.batchCount + index,
            totalSteps: 2 * loader.batchCount)
    }

    func makeStep(device: Device = .cpu, usesGraph: Bool = true) throws -> TrainingStep<Tensor> {
        try TrainingStep(
            source: ResidentBatches(loader), distiller: distiller, optimizer: optimizer,
            device: device,
            usesGraph: usesGraph)
    }

    func begin(_ step: TrainingStep<Tensor>, epoch: Int, at index: Int = 0) throws {
        let schedule = (0..<loader.batchCount).map { index in
            let progress = progress(epoch, index)
            return (rate: recipe.learningRateSchedule.rate(at: progress), progress: progress)
        }
        try step.begin(epoch: epoch, at: index, schedule: schedule)
    }

    func bytes() -> [[UInt8]] {
        (distiller.stateDict() + optimizer.stateDict()).map { $0.tensor.bytes() }
    }
}
