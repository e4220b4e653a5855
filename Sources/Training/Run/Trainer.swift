import Distillation
import Foundation
import Torch
import TorchNN
import VisionData
import VisionModels

/// What a run tells while it goes on.
public enum TrainingEvent {
    /// Something a user should know.
    case remark(String)

    /// A step is done.
    case step(StepReport)

    /// An epoch is done, evaluated and recorded.
    case epoch(EpochRecord, of: Int)
}

/// The state of a run after a step.
public struct StepReport {
    /// The epoch, from 1.
    public let epoch: Int

    /// How many epochs there are.
    public let epochs: Int

    /// How many steps of the epoch are done.
    public let stepInEpoch: Int

    /// How many steps an epoch has.
    public let stepsPerEpoch: Int

    /// The unweighted loss terms of the step.
    public let terms: [(name: String, value: Double)]

    /// The training accuracy of the epoch so far, in percent.
    public let top1: Double

    /// Training images per second since the run was started or resumed.
    public let imagesPerSecond: Double

    /// Seconds until the run is done at this speed, evaluation excluded.
    public let secondsLeft: Double
}

/// How a run ended without an error.
public enum TrainingOutcome: Sendable, Equatable {
    /// All epochs are done.
    case finished

    /// All epochs had been done before.
    case alreadyFinished

    /// `--max-steps` was reached.
    case stopped(step: Int)

    /// A signal asked the run to end; everything is saved.
    case interrupted(signal: Int32, step: Int)
}

/// The images of a run.
public struct TrainingData: Sendable {
    /// To learn from.
    public let train: ImageSet

    /// To be judged by.
    public let test: ImageSet

    /// Gathers the two sets.
    public init(train: ImageSet, test: ImageSet) {
        self.train = train
        self.test = test
    }
}

/// What a run has beside its recipe.
public struct RunOptions: Sendable {
    /// The output folder; nil keeps everything in memory.
    public var output: String?

    /// Where to compute.
    public var device = Device.cpu

    /// The step to stop after.
    public var maxSteps: Int?

    /// How many steps lie between checkpoints beside those of every epoch's end.
    public var checkpointEvery: Int?

    /// Whether to go on with a run in the folder.
    public var resume = false

    /// Whether the test set is evaluated after every epoch, or after the last one alone.
    public var evaluatesEveryEpoch = true

    /// The SHA-256 of the teacher's file.
    public var teacherDigest: String?

    /// A signal that asks the run to end, 0 for none; asked after every step.
    public var interruption: @Sendable () -> Int32 = { 0 }

    /// Nothing but the defaults.
    public init() {}
}

/// Trains a student by a recipe: steps, epochs, evaluation, checkpoints.
public final class Trainer {
    private let recipe: Recipe
    private let options: RunOptions
    private let precision: Precision
    private let distiller: any Distiller<Tensor>
    private let optimizer: SGD
    private let schedule: LearningRateSchedule
    private let loader: TrainingLoader
    private let validation: EvaluationLoader?
    private let test: EvaluationLoader
    private let folder: RunFolder?
    private let report: (TrainingEvent) -> Void

    private var epoch = 0
    private var step = 0
    private var stepInEpoch = 0
    private var metrics = TrainingMetrics()
    private var epochSeconds = 0.0
    private var bestValidation: Double?
    private var savedStep: Int?
    private var throughput = Throughput()

    /// The records of the finished epochs.
    public private(set) var history: [EpochRecord] = []

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
            if epoch == recipe.epochs { return .alreadyFinished }
        }
        try folder?.requireSpace(forCheckpointOf: checkpoint().byteCount)
        while epoch < recipe.epochs {
            if let outcome = try runEpoch() { return outcome }
            try finishEpoch()
        }
        return .finished
    }

    /// Runs the epoch's remaining steps; a result means that the run ends here.
    private func runEpoch() throws -> TrainingOutcome? {
        let draws = loader.epoch(epoch)
        throughput.restart()
        while stepInEpoch < loader.batchCount {
            if let maxSteps = options.maxSteps, step >= maxSteps {
                try saveAll()
                return .stopped(step: step)
            }
            try runStep(draws)
            let signal = options.interruption()
            if signal != 0 {
                try saveAll()
                return .interrupted(signal: signal, step: step)
            }
            if let every = options.checkpointEvery, step % every == 0,
                stepInEpoch < loader.batchCount
            {
                try saveCheckpoint()
            }
        }
        return nil
    }

    private func runStep(_ draws: TrainingLoader.Epoch) throws {
        let start = ContinuousClock.now
        let progress = TrainingProgress(epoch: epoch, step: step, totalSteps: totalSteps)
        do {
            let values = try collectingOperatorErrors { try update(draws, progress) }
            step += 1
            stepInEpoch += 1
            let images = min(recipe.batchSize, loader.imageCount)
            let seconds = (ContinuousClock.now - start).seconds
            epochSeconds += seconds
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
        let (images, labels, positions) = loader.batch(stepInEpoch, of: draws)
        let terms = distiller.losses(
            Batch(images: images, targets: labels, indices: positions), at: progress)
        let total = terms.total
        let values = terms.terms.map { (name: $0.name, value: $0.value.item()) }
        for (name, value) in values + [("total", total.item())] where !value.isFinite {
            throw TrainingError.notFinite(
                term: name, value: value, epoch: epoch + 1, step: step + 1,
                lastGoodStep: savedStep)
        }
        total.backward()
        optimizer.step(learningRate: schedule.rate(at: progress))
        metrics.add(terms, total: total, targets: labels)
        return values
    }

    private func stepReport(_ values: [(name: String, value: Double)]) -> StepReport {
        let speed = throughput.imagesPerSecond
        let left = (totalSteps - step) * recipe.batchSize
        return StepReport(
            epoch: epoch + 1, epochs: recipe.epochs, stepInEpoch: stepInEpoch,
            stepsPerEpoch: loader.batchCount, terms: values, top1: metrics.means["top1"] ?? 0,
            imagesPerSecond: speed, secondsLeft: speed > 0 ? Double(left) / speed : .infinity)
    }

    private func finishEpoch() throws {
        let trainingSeconds = epochSeconds
        let start = ContinuousClock.now
        let dtype: DType = precision == .bfloat16 ? .bfloat16 : .float32
        let validated = validation.map { evaluate(distiller.student, on: $0, dtype: dtype) }
        let isJudged = options.evaluatesEveryEpoch || epoch + 1 == recipe.epochs
        let tested = isJudged ? evaluate(distiller.student, on: test, dtype: dtype) : nil
        let last = TrainingProgress(epoch: epoch, step: step - 1, totalSteps: totalSteps)
        let record = EpochRecord(
            epoch: epoch + 1, step: step, learningRate: schedule.rate(at: last),
            seconds: trainingSeconds + (ContinuousClock.now - start).seconds,
            imagesPerSecond: Double(metrics.imageCount) / trainingSeconds,
            peakMemoryBytes: peakResidentMemory(), train: metrics.means, validation: validated,
            test: tested)
        if let (term, value) = record.notFinite {
            throw TrainingError.notFinite(
                term: term, value: value, epoch: epoch + 1, step: step, lastGoodStep: savedStep)
        }
        history.append(record)
        epoch += 1
        stepInEpoch = 0
        epochSeconds = 0
        metrics = TrainingMetrics()
        if let top1 = validated?.top1, top1 > bestValidation ?? -1 {
            bestValidation = top1
            if let folder {
                try folder.write(distiller.student.stateDict(), to: folder.bestWeights)
            }
        }
        try saveAll()
        report(.epoch(record, of: recipe.epochs))
    }
}

// MARK: - Saving and resuming

extension Trainer {
    private func saveAll() throws {
        guard let folder else { return }
        let checkpoint = try soundCheckpoint()
        try folder.write(distiller.student.stateDict(), to: folder.lastWeights)
        try folder.write(history)
        try folder.save(checkpoint)
        savedStep = step
    }

    private func saveCheckpoint() throws {
        guard let folder else { return }
        try folder.save(try soundCheckpoint())
        savedStep = step
    }

    /// A checkpoint of broken numbers would replace the last good one.
    private func soundCheckpoint() throws -> Checkpoint {
        let checkpoint = checkpoint()
        for entry in checkpoint.tensors where entry.tensor.dtype.isFloatingPoint {
            guard entry.tensor.isFinite().all().item() == 1 else {
                throw TrainingError.brokenState(
                    tensor: entry.name, step: step, lastGoodStep: savedStep)
            }
        }
        return checkpoint
    }

    private func checkpoint() -> Checkpoint {
        Checkpoint(
            epoch: epoch, step: step, stepInEpoch: stepInEpoch, epochSeconds: epochSeconds,
            history: history, bestValidation: bestValidation, teacherDigest: options.teacherDigest,
            tensors: distiller.stateDict().map { $0.prefixed("method") }
                + optimizer.stateDict().map { $0.prefixed("optimizer") }
                + metrics.stateDict().map { $0.prefixed("metrics") })
    }

    private func resume(_ saved: Checkpoint) throws {
        if let expected = saved.teacherDigest, let found = options.teacherDigest,
            expected != found
        {
            throw TrainingError.otherTeacher(expected: expected, found: found)
        }
        do throws(StateDictError) {
            try distiller.load(stateDict: saved.tensors.entries(below: "method"))
            try optimizer.load(stateDict: saved.tensors.entries(below: "optimizer"))
        } catch {
            throw CheckpointError.unfit(run: options.output ?? "this run", reason: "\(error)")
        }
        metrics = TrainingMetrics(
            stateDict: saved.tensors.entries(below: "metrics"), device: options.device)
        epoch = saved.epoch
        step = saved.step
        stepInEpoch = saved.stepInEpoch
        epochSeconds = saved.epochSeconds
        history = saved.history
        bestValidation = saved.bestValidation
        savedStep = saved.step
        try folder?.write(history)
        report(.remark("resumed at step \(step), epoch \(min(epoch + 1, recipe.epochs))"))
    }
}

extension Checkpoint {
    /// About how large its file is.
    fileprivate var byteCount: Int {
        tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.elementType.byteCount }
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
