import ArgumentParser
import CommandOptions
import Detectors
import Distillation
import Foundation
import NetworkFiles
import Recipes
import Remedies
import RunRecords
import Terminal
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

    @Option(
        help: """
            The teacher's weights: safetensors, or a PyTorch checkpoint. With --trust-code also a program: \
            TorchScript, or a compiled .pt2.
            """)
    var teacher: String

    @OptionGroup var trust: TrustOptions

    @OptionGroup var weights: WeightsOptions

    @Option(
        help: """
            The teacher's normalisation: cifar100, cifar10, or mean/deviation as R,G,B/R,G,B in 0...1 \
            (default: the recipe's).
            """)
    var teacherNormalization: String?

    @OptionGroup var method: MethodOptions

    @OptionGroup var options: RunCommandOptions

    func validate() throws { _ = try teacherNormalization.map(TeacherNormalization.init) }

    func run() throws {
        var recipe = try options.resolve(recipe, taughtBy: method)
        if let teacherNormalization {
            recipe.teacher?.normalization = try TeacherNormalization(teacherNormalization).settings
        }
        let program = try trust.program(in: teacher, for: &recipe) { printError("note: \($0)") }
        if recipe.isDetection {
            return try DetectionRun(
                recipe: recipe, options: options, teacher: teacher, teacherKey: weights.key
            ).run()
        }
        if recipe.teacher == nil {
            printError("note: the method is alone, so the file of --teacher is not used")
        }
        let run = TrainingRun(
            recipe: recipe, options: options, studentNaming: "--set student.model=")
        let taught = recipe
        try run.run { data, device in
            let network = try UnfitWeights.naming("--set teacher.model=", option: "--teacher") {
                try taught.openTeacher(
                    teacher, key: weights.key, program: program,
                    classCount: data.train.classCount, imageSize: data.train.imageSize,
                    device: device, remark: { printError("note: \(told($0))") })
            }
            // A student alone needs none.
            return try network.map { ($0, try sha256(ofFile: teacher)) }
        }
    }
}

/// `reviewkd train`.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train one network alone. A pair's recipe gives its student.")

    @Argument(help: "A recipe's name (see `reviewkd recipes`) or file.")
    var recipe: String

    @Option(help: "Train this network instead of the recipe's student.")
    var model: String?

    @OptionGroup var options: RunCommandOptions

    func run() throws {
        let resolved = try options.resolve(recipe)
        guard resolved.optimizer.options.dot == nil else { throw TrainingError.noTaughtGradients }
        var recipe = resolved.studentAlone
        if recipe.isDetection {
            if let model { recipe.student.model = try DetectorArchitecture(named: model).name }
            return try DetectionRun(recipe: recipe, options: options, teacher: nil).run()
        }
        if let model { recipe.student.model = try Architecture(named: model).name }
        try TrainingRun(recipe: recipe, options: options, studentNaming: "--model ")
            .run { _, _ in nil }
    }
}
