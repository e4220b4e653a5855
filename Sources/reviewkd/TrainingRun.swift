import ArgumentParser
import Basics
import Foundation
import Recipes
import Remedies
import Reporting
import Revision
import RunRecords
import Studies
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionModels

/// A training run from the command line, or one for each of several seeds.
struct TrainingRun {
    /// What gives the teacher and the SHA-256 of its file; nil for none.
    typealias TeacherSource =
        (TrainingData, Device) throws -> (network: any Backbone, digest: String)?

    let recipe: Recipe
    let options: RunCommandOptions

    /// What gives the student's network another name, where the name follows.
    let studentNaming: String

    /// Trains, and prints what came out.
    ///
    /// Every folder is opened before the first step, so that one which cannot be used is told at once.
    func run(teacher: TeacherSource) throws {
        let device = try options.device.resolve()
        recipe.precision?.noteEmulation(on: device)
        let reporter = ProgressReporter(quiet: options.quiet)
        try options.photographs.requireUse(for: recipe.dataset.images)
        if options.dryRun { return try estimate(on: device) }
        let listing = ListingProgress(quiet: options.quiet)
        let data = try TrainingData(
            recipe.dataset, from: options.data, device: device,
            reading: options.photographs.reading,
            progress: listing.show
        ) { reporter.remark($0) }
        Interruption.install()
        guard let seeds = try options.parsedSeeds() else {
            let trainer = try makeTrainer(
                recipe, options.output, data, device, teacher
            ) { reporter.report($0) }
            let outcome = try trainer.run()
            reporter.finish()
            return try conclude(outcome, trainer, in: options.output)
        }
        try train(seeds, data, device, teacher, reporter)
    }

    private func estimate(on device: Device) throws {
        let estimate = try RunEstimate(
            of: recipe, data: options.data, device: device, usesGraph: options.device.graph)
        print(
            "\(recipe.name): \(recipe.epochs) epochs of \(estimate.trainingImages) images, "
                + "\(estimate.steps) steps; about \(duration(estimate.seconds)) on this machine beside "
                + "the reading of images, and \(estimate.diskBytes >> 20) MiB of files")
    }

    private func train(
        _ seeds: [Int], _ data: TrainingData, _ device: Device, _ teacher: TeacherSource,
        _ reporter: ProgressReporter
    ) throws {
        guard !FileManager.default.fileExists(atPath: options.output + "/recipe.yaml") else {
            throw RunFolderError.holdsRun(path: options.output)
        }
        let folders = seeds.map { "\(options.output)/seed-\($0)" }
        let trainers = try zip(seeds, folders).map { seed, folder in
            var recipe = recipe
            recipe.seed = seed
            return try makeTrainer(recipe, folder, data, device, teacher) {
                reporter.report($0, of: "seed \(seed)")
            }
        }
        // One student fills the CPU, but not a card.
        let together = device == .cpu ? nil : try trainTogether(trainers, on: device)
        for (index, trainer) in trainers.enumerated() {
            let outcome = try together?[index].get() ?? trainer.run()
            reporter.finish()
            try conclude(outcome, trainer, in: folders[index])
        }
        if let summary = SeedSummary(seeds: seeds, histories: trainers.map(\.history)) {
            try summary.write(to: options.output + "/summary.json")
            print(
                "Test accuracy over \(seeds.count) seed(s): "
                    + "\(summary.top1.mean.formatted(places: 2)) ± "
                    + "\(summary.top1.std.formatted(places: 2)) % top-1; "
                    + "summary: \(options.output)/summary.json")
        }
    }

    private func makeTrainer(
        _ recipe: Recipe, _ folder: String, _ data: TrainingData, _ device: Device,
        _ teacher: TeacherSource,
        _ report: @escaping (TrainingEvent) -> Void
    ) throws -> Trainer {
        let loaded = try teacher(data, device)
        var settings = options.settings(output: folder, on: device)
        settings.teacherDigest = loaded?.digest
        let taught = try loaded.flatMap {
            recipe.makeTeacher(
                $0.network, precision: try recipe.precision ?? .standard(on: device))
        }
        do {
            return try UnfitWeights.naming(studentNaming, option: "--student-weights") {
                try Trainer(
                    recipe: recipe, data: data, teacher: taught,
                    studentWeights: options.studentWeights, studentWeightsKey: options.studentKey,
                    hasNewClassifier: options.newClassifier, options: settings, report: report)
            }
        } catch let error as WeightFileError {
            throw StudentWeightsError(error)
        }
    }

    private func conclude(
        _ outcome: TrainingOutcome, _ trainer: Trainer, in folder: String
    ) throws {
        switch outcome {
        case .finished:
            printResult(trainer.history, in: folder)
        case .alreadyFinished:
            print("\(folder) holds a finished run; nothing was done.")
            printResult(trainer.history, in: folder)
        default: try Self.tellUnfinished(outcome, in: folder)
        }
    }

    /// Says where a run was left that is not finished.
    ///
    /// - Throws: the exit status of a run that a signal ended.
    static func tellUnfinished(_ outcome: TrainingOutcome, in folder: String) throws {
        switch outcome {
        case .finished, .alreadyFinished: break
        case .stopped(let step):
            print(
                "Stopped after step \(step) as --max-steps asks; everything is saved in "
                    + "\(folder). Repeat the command with --resume and a larger or no "
                    + "--max-steps to go on.")
        case .interrupted(let signal, let step):
            printError(
                "Interrupted after step \(step); everything is saved in \(folder). "
                    + "Repeat the command with --resume to go on.")
            throw ExitCode(128 + signal)
        }
    }

    private func printResult(_ history: [EpochRecord], in folder: String) {
        guard let last = history.last, let test = last.test else { return }
        print(
            "Test accuracy after the last epoch (\(last.epoch)): "
                + "\(test.percent("top1")) top-1, \(test.percent("top5")) top-5.")
        if let top1 = test["ema_top1"] {
            print(
                "With averaged weights: \(top1.formatted(places: 2)) % top-1; they are "
                    + "\(folder)/student-ema.safetensors.")
        }
        let byTest = history.max { ($0.test?["top1"] ?? 0) < ($1.test?["top1"] ?? 0) }
        if options.bestTest, let byTest, let best = byTest.test {
            print(
                "Best test epoch, chosen on the test set and for comparison only: "
                    + "\(byTest.epoch) with \(best.percent("top1")).")
        }
        if let byValidation = history.bestOnValidation(by: "top1"),
            let validated = byValidation.validation,
            let test = byValidation.test
        {
            print(
                "Best validation epoch: \(byValidation.epoch) with "
                    + "\(validated.percent("top1")) there and "
                    + "\(test.percent("top1")) on the test set; its weights are "
                    + "student-best.safetensors.")
        }
        print("Weights: \(folder)/student-last.safetensors")
    }
}

extension RunCommandOptions {
    /// What a run has beside its recipe and its files.
    func settings(output: String, on resolved: Device) -> RunOptions {
        var settings = RunOptions()
        settings.output = output
        settings.device = resolved
        settings.usesGraph = device.graph
        settings.adaptsThreads = device.threads == nil
        settings.maxSteps = maxSteps
        settings.checkpointEvery = checkpointEvery
        settings.resume = resume
        settings.revision = revision
        settings.interruption = { Interruption.signal }
        return settings
    }
}
