import ArgumentParser
import Distillation
import Foundation
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// `reviewkd distill`.
struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill", abstract: "Train a student under a teacher's guidance.")

    @Argument(help: "A recipe's name (see `reviewkd recipes`) or file.")
    var recipe: String

    @Option(help: "The teacher's weights: safetensors, or a PyTorch zip checkpoint.")
    var teacher: String

    @Option(help: "The teacher's normalisation, cifar100 or cifar10 (default: the recipe's).")
    var teacherNormalization: String?

    @OptionGroup var options: RunCommandOptions

    func run() throws {
        var options = options
        if let teacherNormalization {
            options.overrides.append("teacher.normalization=\(teacherNormalization)")
        }
        let recipe = try options.resolve(recipe)
        guard let settings = recipe.teacher else {
            throw ValidationError(
                "the recipe \(recipe.name) has no teacher, expected one to distill from; "
                    + "use `reviewkd train`")
        }
        try Run(recipe: recipe, options: options).run { data, device in
            let network = try loadNetwork(
                settings.model, weights: teacher, classCount: data.train.classCount, device: device)
            return (network, try sha256(ofFile: teacher))
        }
    }
}

/// `reviewkd train`.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train one network alone; of a pair's recipe, the student.")

    @Argument(help: "A recipe's name (see `reviewkd recipes`) or file.")
    var recipe: String

    @Option(help: "Another network than the recipe's student.")
    var model: String?

    @OptionGroup var options: RunCommandOptions

    func run() throws {
        var recipe = try options.resolve(recipe).studentAlone
        if let model { recipe.student.model = try CIFARModel(named: model).rawValue }
        try Run(recipe: recipe, options: options).run { _, _ in nil }
    }
}

/// A training run from the command line.
private struct Run {
    let recipe: Recipe
    let options: RunCommandOptions

    func run(
        teacher: (TrainingData, Device) throws -> (network: any Backbone, digest: String)?
    ) throws {
        let device = try options.device.resolve()
        recipe.precision?.noteEmulation(on: device)
        // A wrong name is told before the data are read.
        _ = try CIFARModel(named: recipe.student.model)
        let reporter = ProgressReporter(quiet: options.quiet)
        let data = try TrainingData.load(recipe.dataset.name, from: options.data, device: device) {
            reporter.remark($0)
        }
        let loaded = try teacher(data, device)
        let student = try recipe.makeStudent(classCount: data.train.classCount, device: device)
        if let weights = options.studentWeights {
            let initial = try loadNetwork(
                recipe.student.model, weights: weights, classCount: data.train.classCount,
                device: device)
            try student.load(stateDict: initial.stateDict())
        }
        let distiller = try recipe.makeDistiller(
            student: student, teacherNetwork: loaded?.network,
            precision: recipe.precision ?? .standard, remark: reporter.remark)
        var settings = RunOptions()
        settings.output = options.output
        settings.device = device
        settings.usesGraph = options.device.graph
        settings.maxSteps = options.maxSteps
        settings.checkpointEvery = options.checkpointEvery
        settings.resume = options.resume
        settings.teacherDigest = loaded?.digest
        settings.interruption = { Interruption.signal }
        Interruption.install()
        let trainer = try Trainer(
            recipe: recipe, data: data, distiller: distiller, options: settings,
            report: reporter.report)
        let outcome = try trainer.run()
        reporter.finish()
        try conclude(outcome, trainer.history)
    }

    private func conclude(_ outcome: TrainingOutcome, _ history: [EpochRecord]) throws {
        switch outcome {
        case .finished:
            printResult(history)
        case .alreadyFinished:
            print("\(options.output) holds a finished run; nothing was done.")
            printResult(history)
        case .stopped(let step):
            print(
                "Stopped after step \(step) as --max-steps asks; everything is saved in "
                    + "\(options.output). Repeat the command with --resume and a larger or no "
                    + "--max-steps to go on.")
        case .interrupted(let signal, let step):
            printError(
                "Interrupted after step \(step); everything is saved in \(options.output). "
                    + "Repeat the command with --resume to go on.")
            throw ExitCode(128 + signal)
        }
    }

    private func printResult(_ history: [EpochRecord]) {
        guard let last = history.last, let test = last.test else { return }
        print(
            "Test accuracy after the last epoch (\(last.epoch)): "
                + "\(test.top1.formatted(places: 2)) % top-1, "
                + "\(test.top5.formatted(places: 2)) % top-5.")
        let byTest = history.max { ($0.test?.top1 ?? 0) < ($1.test?.top1 ?? 0) }
        if let byTest, let best = byTest.test {
            print(
                "Best test epoch, for comparison only: \(byTest.epoch) with "
                    + "\(best.top1.formatted(places: 2)) %.")
        }
        let byValidation = history.filter { $0.validation != nil }
            .max { ($0.validation?.top1 ?? 0) < ($1.validation?.top1 ?? 0) }
        if let byValidation, let validated = byValidation.validation, let test = byValidation.test {
            print(
                "Best validation epoch: \(byValidation.epoch) with "
                    + "\(validated.top1.formatted(places: 2)) % there and "
                    + "\(test.top1.formatted(places: 2)) % on the test set; its weights are "
                    + "student-best.safetensors.")
        }
        print("Weights: \(options.output)/student-last.safetensors")
    }
}
