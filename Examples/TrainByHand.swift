import Basics
import Distillation
import Torch
import TorchNN
import VisionData
import VisionModels

private let normalization = Normalization(mean: [0.5, 0.5, 0.5], deviation: [0.26, 0.26, 0.26])

/// Trains a network by its labels, and then a smaller one under its guidance.
///
/// - Returns: how well each of them recognises images that it has not seen.
/// - Throws: `ModelError` or `DistillationError` for networks that do not exist or do not match.
public func trainByHand() throws -> (teacher: Scores, student: Scores) {
    let loader = TrainingLoader(
        drawImages(2000, .train), normalization: normalization,
        augmentation: Augmentation(cropPadding: 2), batchSize: 64, seed: 0)
    let generator = Generator(seed: 0)

    // The teacher learns from the labels alone.
    let teacher = try Architecture(named: "resnet14").make(classCount: 4, generator: generator)
    teacher.convert(format: .channelsLast)
    train(teacher.parameters(), on: loader, epochs: 4) { batch, _ in
        teacher(batch.images).crossEntropy(batch.targets)
    }

    // The student learns from the labels, and by ReviewKD from the teacher's features.
    let student = try Architecture(named: "resnet8").make(classCount: 4, generator: generator)
    student.convert(format: .channelsLast)
    let review = try ReviewModule(
        student: student.levels, teacher: teacher.levels,
        matching: StageMatching(student: student.levels, teacher: teacher.levels),
        generator: generator)
    let taught = TaughtStudent(
        student: student, teacher: Teacher(teacher),
        terms: [ReviewKD(review: review, settings: ReviewKD.Settings(weight: 1))],
        precision: .float32)
    train(taught.trainableParameters, on: loader, epochs: 3) { batch, progress in
        taught.losses(batch).total(weights: taught.termWeights(at: progress))
    }

    let test = drawImages(1000, .test)
    return (try judge(teacher, on: test), try judge(student, on: test))
}

/// Moves parameters down the gradient of a loss, batch by batch.
private func train(
    _ parameters: [NamedTensor], on loader: TrainingLoader, epochs: Int,
    loss: (Batch<Tensor>, TrainingProgress) -> Tensor
) {
    let optimizer = SGD(parameters, options: SGD.Options(momentum: 0.9, weightDecay: 5e-4))
    let schedule = LearningRateSchedule(peak: 0.1, shape: .cosine(LearningRateShape.Cosine()))
    let stepCount = epochs * loader.batchCount
    var step = 0
    for epoch in 0..<epochs {
        let order = loader.epoch(epoch)
        for index in 0..<loader.batchCount {
            let progress = TrainingProgress(epoch: epoch, step: step, totalSteps: stepCount)
            loss(loader.batch(index, of: order), progress).backward()
            optimizer.step(learningRate: schedule.rate(at: progress))
            step += 1
        }
    }
}

/// How well a network recognises images: its `loss`, and `top1`, how often it is right, in percent.
private func judge(_ network: any Backbone, on images: ImageSet) throws -> Scores {
    let evaluator = Classification(network).evaluator(dtype: .float32)
    for batch in EvaluationLoader(images, normalization: normalization, batchSize: 250) {
        evaluator.add(batch)
    }
    return try evaluator.scores
}

/// Draws shapes of 16 by 16 pixels, which are plain, striped, checked or dotted.
private func drawImages(_ count: Int, _ split: ProceduralImages.Split) -> ImageSet {
    let images = ProceduralImages(count: count, size: 16, split: split)
    return ImageSet(
        pixels: images.pixels, labels: images.labels.map { $0 % 4 }, height: 16, width: 16,
        classCount: 4)
}
