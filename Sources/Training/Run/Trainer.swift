import Distillation
import Foundation
import Torch
import TorchNN
import VisionData
import VisionModels

/// Trains a student by a recipe: steps, epochs, evaluation, checkpoints.
public final class Trainer {
    let recipe: Recipe
    let options: RunOptions
    private let precision: Precision
    let distiller: any Distiller<Tensor>
    let optimizer: SGD
    private let schedule: LearningRateSchedule
    private let loader: TrainingLoader
    private let validation: EvaluationLoader?
    private let test: EvaluationLoader
    let folder: RunFolder?
    let report: (TrainingEvent) -> Void

    /// Where the run stands.
    var state = RunState()

    /// The sums of the epoch so far.
    var metrics = TrainingMetrics()

    /// The step of the newest checkpoint.
    var savedStep: Int?

    private var throughput = Throughput()

    /// The records of the finished epochs.
    public var history: [EpochRecord] { state.history }

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - recipe: what to do; its precision decides where it names one.
    ///   - data: the images, on the options' device.
    ///   - distiller: the method around the student.
    ///   - options: folder, device and limits.
    ///   - report: called with everything that happens.
    /// - Throws: where the folder cannot be used or the split does not fit.
    public init(
        recipe: Recipe, data: TrainingData, distiller: any Distiller<Tensor>, options: RunOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        self.recipe = recipe
        self.options = options
        self.distiller = distiller
        self.report = report
        precision = recipe.precision ?? .standard
        schedule = recipe.learningRateSchedule
        optimizer = SGD(
            distiller.trainableParameters,
            options: SGD.Options(
                momentum: recipe.optimizer.momentum, weightDecay: recipe.optimizer.weightDecay,
                nesterov: recipe.optimizer.nesterov))
        let held = recipe.validation.split
        guard held < data.train.count else {
            throw TrainingError.splitTooLarge(split: held, count: data.train.count)
        }
        let seed = UInt64(recipe.seed)
        let split = validationSplit(holdingOut: held, of: data.train.count, seed: seed)
        let normalization = recipe.dataset.normalization.normalization
        loader = TrainingLoader(
            data.train, positions: split.training, normalization: normalization,
            augmentation: Augmentation(
                cropPadding: recipe.dataset.augmentation.cropPadding,
                flips: recipe.dataset.augmentation.flip),
            batchSize: recipe.batchSize, seed: seed)
        validation =
            held == 0
            ? nil
            : EvaluationLoader(
                data.train, positions: split.validation, normalization: normalization,
                batchSize: recipe.evaluationBatchSize)
        test = EvaluationLoader(
            data.test, normalization: normalization, batchSize: recipe.evaluationBatchSize)
        folder = try options.output.map {
            try RunFolder(path: $0, recipe: recipe, resuming: options.resume)
        }
        state.teacherDigest = options.teacherDigest
    }

    private var totalSteps: Int { recipe.epochs * loader.batchCount }

    /// Trains to the end, or to where the run is stopped.
    ///
    /// - Returns: how it ended.
    /// - Throws: `TrainingError`, or what reading and writing files throws; the last good
    ///   checkpoint then stays.
    public func run() throws -> TrainingOutcome {
        if let folder, options.resume, let saved = try folder.newestCheckpoint() {
            try resume(saved)
            if state.epoch == recipe.epochs { return .alreadyFinished }
        }
        try folder?.requireSpace(forCheckpointOf: checkpoint().byteCount)
        while state.epoch < recipe.epochs {
            if let outcome = try runEpoch() { return outcome }
            try finishEpoch()
        }
        return .finished
    }

    /// Runs the epoch's remaining steps; a result means that the run ends here.
    private func runEpoch() throws -> TrainingOutcome? {
        let draws = loader.epoch(state.epoch)
        throughput.restart()
        while state.stepInEpoch < loader.batchCount {
            if let maxSteps = options.maxSteps, state.step >= maxSteps {
                try saveAll()
                return .stopped(step: state.step)
            }
            try runStep(draws)
            let signal = options.interruption()
            if signal != 0 {
                try saveAll()
                return .interrupted(signal: signal, step: state.step)
            }
            if let every = options.checkpointEvery, state.step % every == 0,
                state.stepInEpoch < loader.batchCount
            {
                try saveCheckpoint()
            }
        }
        return nil
    }

    private func runStep(_ draws: TrainingLoader.Epoch) throws {
        let start = ContinuousClock.now
        let progress = TrainingProgress(
            epoch: state.epoch, step: state.step, totalSteps: totalSteps)
        do {
            let values = try collectingOperatorErrors { try update(draws, progress) }
            state.step += 1
            state.stepInEpoch += 1
            let images = min(recipe.batchSize, loader.imageCount)
            let seconds = (ContinuousClock.now - start).seconds
            state.epochSeconds += seconds
            throughput.add(images: images, seconds: seconds)
            report(.step(stepReport(values)))
        } catch let error as OperatorError {
            throw TrainingError.outOfMemory(batchSize: recipe.batchSize, reason: error.reason)
        }
    }

    /// Forward, backward, update; nothing is changed when a term is not finite.
    private func update(
        _ draws: TrainingLoader.Epoch, _ progress: TrainingProgress
    ) throws -> [(name: String, value: Double)] {
        let (images, labels, positions) = loader.batch(state.stepInEpoch, of: draws)
        let terms = distiller.losses(
            Batch(images: images, targets: labels, indices: positions), at: progress)
        let total = terms.total
        let values = terms.terms.map { (name: $0.name, value: $0.value.item()) }
        for (name, value) in values + [("total", total.item())] where !value.isFinite {
            throw TrainingError.notFinite(
                term: name, value: value, epoch: state.epoch + 1, step: state.step + 1,
                lastGoodStep: savedStep)
        }
        total.backward()
        optimizer.step(learningRate: schedule.rate(at: progress))
        metrics.add(terms, total: total, targets: labels)
        return values
    }

    private func stepReport(_ values: [(name: String, value: Double)]) -> StepReport {
        let speed = throughput.imagesPerSecond
        let left = (totalSteps - state.step) * recipe.batchSize
        return StepReport(
            epoch: state.epoch + 1, epochs: recipe.epochs, stepInEpoch: state.stepInEpoch,
            stepsPerEpoch: loader.batchCount, terms: values, top1: metrics.means["top1"] ?? 0,
            imagesPerSecond: speed, secondsLeft: speed > 0 ? Double(left) / speed : .infinity)
    }

    private func finishEpoch() throws {
        let trainingSeconds = state.epochSeconds
        let start = ContinuousClock.now
        let dtype: DType = precision == .bfloat16 ? .bfloat16 : .float32
        let validated = validation.map { evaluate(distiller.student, on: $0, dtype: dtype) }
        let isJudged = options.evaluatesEveryEpoch || state.epoch + 1 == recipe.epochs
        let tested = isJudged ? evaluate(distiller.student, on: test, dtype: dtype) : nil
        let last = TrainingProgress(
            epoch: state.epoch, step: state.step - 1, totalSteps: totalSteps)
        let record = EpochRecord(
            epoch: state.epoch + 1, step: state.step, learningRate: schedule.rate(at: last),
            seconds: trainingSeconds + (ContinuousClock.now - start).seconds,
            imagesPerSecond: Double(metrics.imageCount) / trainingSeconds,
            peakMemoryBytes: peakResidentMemory(), train: metrics.means, validation: validated,
            test: tested)
        if let (term, value) = record.notFinite {
            throw TrainingError.notFinite(
                term: term, value: value, epoch: state.epoch + 1, step: state.step,
                lastGoodStep: savedStep)
        }
        state.history.append(record)
        state.epoch += 1
        state.stepInEpoch = 0
        state.epochSeconds = 0
        metrics = TrainingMetrics()
        if let top1 = validated?.top1, top1 > state.bestValidation ?? -1 {
            state.bestValidation = top1
            if let folder {
                try folder.write(distiller.student.stateDict(), to: folder.bestWeights)
            }
        }
        try saveAll()
        report(.epoch(record, of: recipe.epochs))
    }
}

extension Precision {
    /// bfloat16 where the processor multiplies it natively, else float32.
    public static var standard: Precision { Runtime.hasNativeBFloat16 ? .bfloat16 : .float32 }
}

extension Duration {
    /// The duration as a number.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// The speed over the steps of this process.
private struct Throughput {
    private var images = 0
    private var seconds = 0.0

    /// Forgets the past, as before an epoch.
    mutating func restart() {
        images = 0
        seconds = 0
    }

    mutating func add(images: Int, seconds: Double) {
        self.images += images
        self.seconds += seconds
    }

    var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }
}
