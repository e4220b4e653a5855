import Basics
import Distillation
import Foundation
import Machine
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
    let parts: RunParts

    /// The teacher to measure before the first step.
    var teacher: Teacher?
    private let schedule: LearningRateSchedule
    let folder: RunFolder?
    let report: (TrainingEvent) -> Void

    /// What the run has beside its recipe.
    let inputs: RunInputs

    /// Where the run stands.
    var state = RunState()

    /// When the first of the steps began whose losses are not read yet.
    private var unreadSince: ContinuousClock.Instant?

    /// Tells the time of steps and epochs; tests have a clock of their own.
    var now: () -> ContinuousClock.Instant = { .now }

    /// The step of the newest checkpoint.
    var savedStep: Int?

    /// Whether it is known where the run stands.
    private var isTakenUp = false

    private var throughput = Throughput()

    /// Notices that steps wait for images.
    private var waiting = ImageWaiting()

    /// Notices that other work takes the processors.
    var machine = BusyMachine()

    /// Lets the threads follow the machine; nil where their number stays.
    var governor: ThreadGovernor?

    /// Tells the governor what the processors did; tests have counters of their own.
    var processorUse: () -> ThreadGovernor.Use? = { .ofThisMachine() }

    /// The records of the finished epochs.
    public var history: [EpochRecord] { state.history }

    /// Prepares a run of whatever its parts are for.
    ///
    /// - Parameters:
    ///   - recipe: what to do.
    ///   - parts: steps, student and judges.
    ///   - options: folder, device and limits.
    ///   - report: called with everything that happens.
    /// - Throws: where the folder cannot be used.
    package init(
        recipe: Recipe, parts: RunParts, options: RunOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        self.recipe = recipe
        self.parts = parts
        self.options = options
        self.report = report
        schedule = recipe.learningRateSchedule
        folder = try options.output.map {
            try RunFolder(path: $0, recipe: recipe, resuming: options.resume)
        }
        inputs = RunInputs(
            teacher: options.teacherDigest, studentWeights: options.studentWeightsDigest,
            trainingImages: parts.trainingImages, testImages: parts.testImages)
        state.inputs = inputs
        state.kernels = kernels
        if options.adaptsThreads && options.device == .cpu {
            governor = ThreadGovernor(
                most: Runtime.threads,
                processors: ProcessInfo.processInfo.activeProcessorCount)
        }
    }

    private var steps: any Steps { parts.steps }

    private var length: RunLength {
        RunLength(
            imagesPerEpoch: steps.epoch.imageCount, batchSize: steps.epoch.batchSize,
            epochs: recipe.epochs)
    }

    /// The method around the student.
    package var method: any Distiller { parts.distiller }

    /// How many steps the whole run has.
    package var totalSteps: Int { length.steps }

    /// Trains to the end, or to where the run is stopped.
    ///
    /// - Returns: how it ended.
    /// - Throws: `TrainingError`, or what reading and writing files throws; the last good
    ///   checkpoint then stays.
    public func run() throws -> TrainingOutcome {
        defer { if let governor { Runtime.setThreads(governor.most) } }
        if let outcome = try start() { return outcome }
        while true {
            try queue()
            if let outcome = try settle() { return outcome }
        }
    }

    /// Reads from its folder where the run stands, once; no other process takes part.
    ///
    /// - Throws: where the folder cannot be read, or the run was begun with other images, teacher or weights.
    package func takeUp() throws {
        guard let folder, !isTakenUp else { return }
        isTakenUp = true
        try compareImages(in: folder)
        guard options.resume else { return }
        let saved = try folder.newestCheckpoint()
        if let saved {
            try resume(saved)
        } else {
            try takeUpFinishedRun(in: folder)
        }
        if state.epoch < recipe.epochs {
            tellWhereItBegins(resumed: saved != nil, in: folder)
        }
    }

    /// Takes the run up where it stands; a result means that it ends here.
    func start() throws -> TrainingOutcome? {
        try requireSameEverywhere()
        try takeUp()
        try takeOverState()
        if state.epoch == recipe.epochs { return .alreadyFinished }
        if state.step == 0 {
            try measureTeacher()
            try takeClassMeans()
        }
        try folder?.requireSpace(forCheckpointOf: checkpoint().byteCount)
        try beginEpoch()
        return try stopAtLimit()
    }

    /// Runs the steps up to the next point where the host has something to do; on a card it does not
    /// wait for them.
    func queue() throws {
        while state.stepInEpoch < steps.epoch.batchCount {
            try runStep()
            if isSettlingPoint { return }
        }
    }

    /// Waits for the steps so far, then tells, saves and evaluates as is due; a result means that the
    /// run ends here.
    func settle() throws -> TrainingOutcome? {
        try readLosses()
        let signal = Int32(try processes.greatest(of: Int(options.interruption())))
        if signal != 0 {
            try saveAll()
            return .interrupted(signal: signal, step: state.step)
        }
        if state.stepInEpoch == steps.epoch.batchCount {
            try finishEpoch()
            guard state.epoch < recipe.epochs else { return .finished }
            try beginEpoch()
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

    private func beginEpoch() throws {
        let first = state.step - state.stepInEpoch
        let rates = (first..<(first + steps.epoch.batchCount)).map { index in
            let progress = TrainingProgress(
                epoch: state.epoch, step: index, totalSteps: totalSteps)
            return (rate: schedule.rate(at: progress), progress: progress)
        }
        try steps.begin(epoch: state.epoch, at: state.stepInEpoch, schedule: rates)
        throughput.restart()
    }

    private func runStep() throws {
        unreadSince = unreadSince ?? now()
        try attempt { try steps.run() }
        state.step += 1
        state.stepInEpoch += 1
    }

    /// Waits for the steps so far and tells of them; their losses must be finite.
    private func readLosses() throws {
        guard let start = unreadSince else { return }
        unreadSince = nil
        let read = try attempt { steps.readLosses() }
        for (index, losses) in read.enumerated() {
            for (name, value) in losses where !value.isFinite {
                let step = state.step - read.count + index + 1
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
        let images = length.images(in: (state.step - read.count)..<state.step)
        throughput.add(images: images, seconds: seconds)
        report(.step(stepReport(read[read.count - 1].dropLast())))
        guard options.device == .cpu else { return }
        adaptThreads(afterStepOf: seconds)
        if let text = machine.remark(afterStepOf: seconds) { report(.remark(text)) }
    }

    /// Gives the next step as many threads as make it fastest.
    private func adaptThreads(afterStepOf seconds: Double) {
        guard governor?.add(seconds: seconds, processorUse) == true, let governor else { return }
        Runtime.setThreads(governor.count)
        if let text = machine.remark(onThreads: governor.count, of: governor.most) {
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
            // A trial step of one process would be taken for a real one by the others.
            let isAlone = processes.size == 1
            let fitting = try options.device != .cpu && isAlone ? steps.largestFitting() : nil
            throw TrainingError.outOfMemory(
                batchSize: steps.epoch.batchSize, reason: error.reason, fitting: fitting,
                lastGoodStep: savedStep)
        }
    }

    private func stepReport(_ values: ArraySlice<(name: String, value: Double)>) -> StepReport {
        let speed = throughput.imagesPerSecond
        let end = max(state.step, min(totalSteps, options.maxSteps ?? totalSteps))
        let left = length.images(in: state.step..<end)
        let means = steps.metrics.means
        return StepReport(
            epoch: state.epoch + 1, epochs: recipe.epochs, stepInEpoch: state.stepInEpoch,
            stepsPerEpoch: steps.epoch.batchCount, terms: Array(values),
            measures: steps.measureNames.map { (name: $0, value: means[$0] ?? 0) },
            imagesPerSecond: speed, secondsLeft: speed > 0 ? Double(left) / speed : .infinity)
    }

    private func tellProgress(_ done: Int, _ count: Int) {
        report(.evaluation(done: done, of: count))
    }

    private func finishEpoch() throws {
        let trainingSeconds = state.epochSeconds
        let start = now()
        let isJudged = options.evaluatesEveryEpoch || state.epoch + 1 == recipe.epochs
        try takeOverStatistics()
        let (validated, tested) = try attempt {
            (try parts.validate?(tellProgress), isJudged ? try parts.test(tellProgress) : nil)
        }
        let last = TrainingProgress(
            epoch: state.epoch, step: state.step - 1, totalSteps: totalSteps)
        let record = EpochRecord(
            epoch: state.epoch + 1, step: state.step, learningRate: schedule.rate(at: last),
            seconds: trainingSeconds + (now() - start).seconds,
            imagesPerSecond: Double(steps.metrics.imageCount) / trainingSeconds,
            peakMemoryBytes: try peakMemory(on: options.device),
            threads: options.device == .cpu ? Runtime.threads : nil, kernels: kernels,
            train: steps.metrics.means,
            validation: validated, test: tested, inputs: inputs, revision: options.revision,
            teacherTop1: state.epoch == 0 ? state.teacherTop1 : nil)
        if let (images, value) = record.notFinite {
            throw TrainingError.notFiniteJudged(
                images: images, value: value, epoch: state.epoch + 1, lastGoodStep: savedStep)
        }
        if let text = waiting.remark(afterEpochOf: trainingSeconds, steps) { report(.remark(text)) }
        state.history.append(record)
        state.epoch += 1
        state.stepInEpoch = 0
        state.epochSeconds = 0
        steps.metrics.reset()
        if let score = validated?[parts.primaryScore], score > state.bestValidation ?? -1 {
            state.bestValidation = score
            if let folder {
                try folder.write(parts.student.stateDict(), parts.card, to: folder.bestWeights)
            }
        }
        try saveAll()
        report(.epoch(record, of: recipe.epochs))
    }
}
