import ArgumentParser
import COCO
import CommandOptions
import Foundation
import Recipes
import RecordCommands
import Recording
import Remedies
import Reporting
import Revision
import RunRecords
import Studies
import Terminal
import Torch
import Training

/// What `train` and `distill` do once it is known how a trainer is made: a run, or one for each of several seeds.
struct CommandedRun {
    /// Makes the trainer of a recipe for a folder, which tells what happens.
    typealias TrainerSource =
        (Recipe, _ folder: String, _ report: @escaping (TrainingEvent) -> Void) throws -> Trainer

    let recipe: Recipe
    let options: RunCommandOptions
    let device: Device
    let processes: any ProcessGroup
    let reporter: ProgressReporter

    /// Where the runs are recorded; nil where another process does that.
    private let book: RecordBook?

    /// Draws a method after each epoch, for TensorBoard.
    var pictures: (Trainer) throws -> (() throws -> [EventRecording.Image])? = { _ in nil }

    /// Takes what a command knows, and opens the record.
    init(
        recipe: Recipe, options: RunCommandOptions, device: Device,
        processes: any ProcessGroup, reporter: ProgressReporter
    ) {
        self.recipe = recipe
        self.options = options
        self.device = device
        self.processes = processes
        self.reporter = reporter
        book =
            processes.rank > 0
            ? nil
            : options.recording.book(
                above: options.output, kind: recipe.teacher == nil ? "train" : "distill")
    }

    /// Trains, and prints what came out.
    ///
    /// Every folder is opened before the first step, so that one which cannot be used is told at once.
    func callAsFunction(_ makeTrainer: TrainerSource) throws {
        guard let seeds = try options.parsedSeeds() else {
            let record = RunRecord()
            let trainer = try makeTrainer(recipe, options.output) {
                reporter.report($0)
                record.take($0)
            }
            try begin(record, of: trainer, recipe, in: options.output)
            let outcome = try record.ending(trainer) { try trainer.run() }
            reporter.finish()
            return try conclude(outcome, trainer, in: options.output)
        }
        try train(seeds, makeTrainer)
    }

    private func begin(
        _ record: RunRecord, of trainer: Trainer, _ recipe: Recipe, in folder: String
    ) throws {
        guard processes.rank == 0 else { return }
        record.events = options.recording.events(of: folder)
        record.events?.pictures = try pictures(trainer)
        record.training = book?.begin(
            recipe, in: folder, steps: trainer.totalSteps,
            options: options.settings(output: folder, on: device, with: processes))
    }

    /// Says how long the run, or each of those of several seeds, would take.
    static func estimate(
        _ recipe: Recipe, _ options: RunCommandOptions, on device: Device
    ) throws {
        let estimate = try RunEstimate(
            of: recipe, data: options.data, device: device, usesGraph: options.device.graph,
            adaptsThreads: options.device.adaptsThreads(with: SingleProcess()))
        let runs = try options.parsedSeeds()?.count ?? 1
        print(
            "\(recipe.name): \(recipe.epochs) epochs of \(estimate.trainingImages) images, "
                + "\(estimate.steps) steps\(runs > 1 ? " for each of \(runs) seeds" : ""); about "
                + "\(duration(Double(runs) * estimate.seconds)) on this machine beside the reading of images, "
                + "and \(runs * estimate.diskBytes >> 20) MiB of files")
    }

    private func train(_ seeds: [Int], _ makeTrainer: TrainerSource) throws {
        guard !FileManager.default.fileExists(atPath: options.output + "/recipe.yaml") else {
            throw RunFolderError.holdsRun(path: options.output)
        }
        let folders = seeds.map { "\(options.output)/seed-\($0)" }
        let records = seeds.map { _ in RunRecord() }
        let trainers = try zip(zip(seeds, folders), records).map { place, record in
            let (seed, folder) = place
            var recipe = recipe
            recipe.seed = seed
            let trainer = try makeTrainer(recipe, folder) {
                reporter.report($0, of: "seed \(seed)")
                record.take($0)
            }
            try begin(record, of: trainer, recipe, in: folder)
            return trainer
        }
        // One student that classifies fills the CPU, but not a card; a detector fills both.
        let areTogether = device != .cpu && !recipe.isDetection
        let together = areTogether ? try trainTogether(trainers, on: device) : nil
        for (index, trainer) in trainers.enumerated() {
            let outcome = try records[index].ending(trainer) {
                try together?[index].get() ?? trainer.run()
            }
            reporter.finish()
            try conclude(outcome, trainer, in: folders[index])
        }
        let masks = COCOFigures.names.map { "mask_" + $0 }
        let scores =
            recipe.isDetection ? COCOFigures.names + masks : SeedSummary.ofClassifiers
        if let summary = SeedSummary(
            seeds: seeds, histories: trainers.map(\.history), scores: scores)
        {
            if processes.rank == 0 {
                try summary.write(to: options.output + "/summary.json")
            }
            print("\(summary.text); summary: \(options.output)/summary.json")
        }
    }

    private func conclude(
        _ outcome: TrainingOutcome, _ trainer: Trainer, in folder: String
    ) throws {
        switch outcome {
        case .alreadyFinished: print("\(folder) holds a finished run; nothing was done.")
        case .finished: break
        case .stopped(let step):
            return print(
                "Stopped after step \(step) as --max-steps asks; everything is saved in "
                    + "\(folder). Repeat the command with --resume and a larger or no "
                    + "--max-steps to go on.")
        case .interrupted(let signal, let step):
            printError(
                "Interrupted after step \(step); everything is saved in \(folder). "
                    + "Repeat the command with --resume to go on.")
            throw ExitCode(128 + signal)
        }
        let result = RunResult(trainer.history, in: folder, tellsBestTest: options.bestTest)
        for line in result.lines { print(line) }
    }
}

extension RunCommandOptions {
    /// What a run has beside its recipe and its files.
    func settings(
        output: String, on resolved: Device, with processes: any ProcessGroup
    ) -> RunOptions {
        var settings = RunOptions()
        settings.output = processes.rank == 0 ? output : nil
        settings.device = resolved
        settings.processes = processes
        settings.usesGraph = device.graph
        settings.adaptsThreads = device.adaptsThreads(with: processes)
        settings.maxSteps = maxSteps
        settings.checkpointEvery = checkpointEvery
        settings.resume = resume
        settings.revision = revision
        settings.interruption = { Interruption.signal }
        return settings
    }
}

/// The record of a run, which begins once its trainer is made.
private final class RunRecord {
    var training: RecordedTraining?
    var events: EventRecording?

    /// Takes an event.
    func take(_ event: TrainingEvent) {
        training?.record(event)
        events?.record(event)
    }

    /// Runs a trainer, and records how it ended.
    func ending(
        _ trainer: Trainer, _ body: () throws -> TrainingOutcome
    ) throws -> TrainingOutcome {
        do {
            let outcome = try body()
            training?.finish(outcome, history: trainer.history)
            return outcome
        } catch {
            training?.fail(told(error))
            throw error
        }
    }
}
