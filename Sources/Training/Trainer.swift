import Distillation
import Foundation
import Recipes
import RunRecords
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
    let data: TrainingData
    let split: (training: [Int64], validation: [Int64])

    /// The teacher to measure before the first step.
    var teacher: Teacher?
    let optimizer: SGD
    private let schedule: LearningRateSchedule
    private let loader: TrainingLoader
    private let validation: EvaluationLoader?
    private let test: EvaluationLoader
    let folder: RunFolder?
    let report: (TrainingEvent) -> Void

    /// What the run has beside its recipe.
    let inputs: RunInputs

    /// Where the run stands.
    var state = RunState()

    /// The work of a step, and the sums of the epoch so far.
    let trainStep: TrainingStep

    /// When the first of the steps began whose losses are not read yet.
    private var unreadSince: ContinuousClock.Instant?

    /// Tells the time of steps and epochs; tests have a clock of their own.
    var now: () -> ContinuousClock.Instant = { .now }

    /// The step of the newest checkpoint.
    var savedStep: Int?

    private var throughput = Throughput()

    /// Notices that other work takes the processors.
    var machine = BusyMachine()

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
        self.data = data
        self.report = report
        precision = try recipe.precision ?? .standard(on: options.device)
        schedule = recipe.learningRateSchedule
        optimizer = SGD(
            distiller.trainableParameters,
            options: SGD.Options(
                momentum: recipe.optimizer.momentum, weightDecay: recipe.optimizer.weightDecay,
                nesterov: recipe.optimizer.nesterov))
        split = try recipe.split(data.train.count)
        let normalization = recipe.dataset.normalization.normalization
        loader = TrainingLoader(
            data.train, positions: split.training, normalization: normalization,
            augmentation: Augmentation(
                cropPadding: recipe.dataset.augmentation.cropPadding,
                flips: recipe.dataset.augmentation.flip),
            batchSize: recipe.batchSize, seed: UInt64(recipe.seed))
        validation =
            split.validation.isEmpty
            ? nil
            : EvaluationLoader(
                data.train, positions: split.validation, normalization: normalization,
                batchSize: recipe.evaluationBatchSize)
        test = EvaluationLoader(
            data.test, normalization: normalization, batchSize: recipe.evaluationBatchSize)
        trainStep = try TrainingStep(
            loader: loader, distiller: distiller, optimizer: optimizer, device: options.device,
            usesGraph: options.usesGraph)
        folder = try options.output.map {
            try RunFolder(path: $0, recipe: recipe, resuming: options.resume)
        }
        inputs = RunInputs(
            teacher: options.teacherDigest, studentWeights: options.studentWeightsDigest,
            trainingImages: data.train.count, testImages: data.test.count)
        state.inputs = inputs
    }

    private var length: RunLength {
        RunLength(
            imagesPerEpoch: loader.imageCount, batchSize: recipe.batchSize, epochs: recipe.epochs)
    }

    private var totalSteps: Int { length.steps }

    /// Trains to the end, or to where the run is stopped.
    ///
    /// - Returns: how it ended.
    /// - Throws: `TrainingError`, or what reading and writing files throws; the last good
    ///   checkpoint then stays.
    public func run() throws -> TrainingOutcome {
        if let outcome = try start() { return outcome }
        while true {
            try queue()
            if let outcome = try settle() { return outcome }
        }
    }

    /// Takes the run up where it stands; a result means that it ends here.
    func start() throws -> TrainingOutcome? {
        if let folder, options.resume {
            if let saved = try folder.newestCheckpoint() {
                try resume(saved)
            } else {
                try takeUpFinishedRun(in: folder)
            }
            if state.epoch == recipe.epochs { return .alreadyFinished }
        }
        if state.step == 0 { try measureTeacher() }
        try folder?.requireSpace(forCheckpointOf: checkpoint().byteCount)
        beginEpoch()
        return try stopAtLimit()
    }

    /// Runs the steps up to the next point where the host has something to do; on a card it does not
    /// wait for them.
    func queue() throws {
        while state.stepInEpoch < loader.batchCount {
            try runStep()
            if isSettlingPoint { return }
        }
    }

    /// Waits for the steps so far, then tells, saves and evaluates as is due; a result means that the
    /// run ends here.
    func settle() throws -> TrainingOutcome? {
        try readLosses()
        let signal = options.interruption()
        if signal != 0 {
            try saveAll()
            return .interrupted(signal: signal, step: state.step)
        }
        if state.stepInEpoch == loader.batchCount {
            try finishEpoch()
            guard state.epoch < recipe.epochs else { return .finished }
            beginEpoch()
        } else if isCheckpointDue {
            try saveCheckpoint()
        }
        return try stopAtLimit()
    }

    private func stopAtLimit() throws -> TrainingOutcome? {
        guard let maxSteps = options.maxSteps, state.step >= maxSteps else { return nil }
        try saveAll()
        return .stopped(step: state.step)
    }

    /// How many steps a device may be ahead of the host.
    private var settlingInterval: Int { options.device == .cpu ? 1 : 50 }

    private var isSettlingPoint: Bool {
        state.stepInEpoch % settlingInterval == 0 || state.step == options.maxSteps
            || isCheckpointDue
    }

    private var isCheckpointDue: Bool {
        options.checkpointEvery.map { state.step % $0 == 0 } ?? false
    }

    private func beginEpoch() {
        let first = state.step - state.stepInEpoch
        let steps = (first..<(first + loader.batchCount)).map { index in
            let progress = TrainingProgress(
                epoch: state.epoch, step: index, totalSteps: totalSteps)
            return (rate: schedule.rate(at: progress), progress: progress)
        }
        trainStep.begin(loader.epoch(state.epoch), at: state.stepInEpoch, schedule: steps)
        throughput.restart()
    }

    private func runStep() throws {
        unreadSince = unreadSince ?? now()
        try attempt { try trainStep.run() }
        state.step += 1
        state.stepInEpoch += 1
    }

    /// Waits for the steps so far and tells of them; their losses must be finite.
    private func readLosses() throws {
        guard let start = unreadSince else { return }
        unreadSince = nil
        let steps = try attempt { trainStep.readLosses() }
        for (index, losses) in steps.enumerated() {
            for (name, value) in losses where !value.isFinite {
                let step = state.step - steps.count + index + 1
                guard step > 1 else {
                    throw TrainingError.notFiniteAtStart(
                        term: name, value: value, hasStudentWeights: inputs.studentWeights != nil)
                }
                throw TrainingError.notFinite(
                    term: name, value: value, epoch: state.epoch + 1, step: step,
                    lastGoodStep: savedStep)
            }
        }
        let seconds = (now() - start).seconds
        state.epochSeconds += seconds
        let images = length.images(in: (state.step - steps.count)..<state.step)
        throughput.add(images: images, seconds: seconds)
        report(.step(stepReport(steps[steps.count - 1].dropLast())))
        if options.device == .cpu, let text = machine.remark(afterStepOf: seconds) {
            report(.remark(text))
        }
    }

    /// Runs work on the device; where memory does not suffice for a step, the error names the batch size
    /// and, of a card, what would fit.
    private func attempt<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try collectingOperatorErrors(body)
        } catch let error as OperatorError {
            guard error.kind == .outOfMemory else {
                throw TrainingError.device(
                    "\(options.device)", reason: error.reason, lastGoodStep: savedStep)
            }
            let fitting = try options.device == .cpu ? nil : trainStep.largestFitting()
            throw TrainingError.outOfMemory(
                batchSize: recipe.batchSize, reason: error.reason, fitting: fitting,
                lastGoodStep: savedStep)
        }
    }

    private func stepReport(_ values: ArraySlice<(name: String, value: Double)>) -> StepReport {
        let speed = throughput.imagesPerSecond
        let end = max(state.step, min(totalSteps, options.maxSteps ?? totalSteps))
        let left = length.images(in: state.step..<end)
        return StepReport(
            epoch: state.epoch + 1, epochs: recipe.epochs, stepInEpoch: state.stepInEpoch,
            stepsPerEpoch: loader.batchCount, terms: Array(values),
            top1: trainStep.metrics.means["top1"] ?? 0,
            imagesPerSecond: speed, secondsLeft: speed > 0 ? Double(left) / speed : .infinity)
    }

    private func finishEpoch() throws {
        let trainingSeconds = state.epochSeconds
        let start = now()
        let dtype: DType = precision == .bfloat16 ? .bfloat16 : .float32
        let isJudged = options.evaluatesEveryEpoch || state.epoch + 1 == recipe.epochs
        let (validated, tested) = try attempt {
            (
                try validation.map { try evaluate(distiller.student, on: $0, dtype: dtype) },
                isJudged ? try evaluate(distiller.student, on: test, dtype: dtype) : nil
            )
        }
        let last = TrainingProgress(
            epoch: state.epoch, step: state.step - 1, totalSteps: totalSteps)
        let record = EpochRecord(
            epoch: state.epoch + 1, step: state.step, learningRate: schedule.rate(at: last),
            seconds: trainingSeconds + (now() - start).seconds,
            imagesPerSecond: Double(trainStep.metrics.imageCount) / trainingSeconds,
            peakMemoryBytes: try peakMemory(on: options.device), train: trainStep.metrics.means,
            validation: validated, test: tested, inputs: inputs, revision: options.revision,
            teacherTop1: state.epoch == 0 ? state.teacherTop1 : nil)
        if let (images, value) = record.notFinite {
            throw TrainingError.notFiniteJudged(
                images: images, value: value, epoch: state.epoch + 1, lastGoodStep: savedStep)
        }
        state.history.append(record)
        state.epoch += 1
        state.stepInEpoch = 0
        state.epochSeconds = 0
        trainStep.metrics.reset()
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
