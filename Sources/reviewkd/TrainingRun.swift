import ArgumentParser
import Basics
import CommandOptions
import Foundation
import Recipes
import RecordCommands
import Recording
import Remedies
import Reporting
import Revision
import RunRecords
import RunReport
import Studies
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// A run that trains a network that classifies, from the command line.
struct TrainingRun {
    /// What gives the teacher and the SHA-256 of its file; nil for none.
    typealias TeacherSource =
        (TrainingData, Device) throws -> (network: any Backbone, digest: String)?

    let recipe: Recipe
    let options: RunCommandOptions

    /// What gives the student's network another name, where the name follows.
    let studentNaming: String

    /// Trains, and prints what came out.
    func run(teacher: TeacherSource) throws {
        try options.processes.run(on: options.device) { try run(teacher, with: $0) }
    }

    private func run(_ teacher: TeacherSource, with processes: any ProcessGroup) throws {
        let device = try options.device.resolve()
        recipe.precision?.noteEmulation(on: device)
        let reporter = ProgressReporter(quiet: options.quiet)
        try options.photographs.requireUse(for: recipe.dataset.images)
        if options.dryRun { return try CommandedRun.estimate(recipe, options, on: device) }
        let listing = ListingProgress(quiet: options.quiet)
        let data = try TrainingData(
            recipe.dataset, from: options.data, device: device,
            reading: options.photographs.reading.divided(among: processes.localSize),
            progress: listing.show
        ) { reporter.remark($0) }
        Interruption.install()
        var run = CommandedRun(
            recipe: recipe, options: options, device: device, processes: processes,
            reporter: reporter)
        run.pictures = { trainer in
            guard let drawn = try AttentionPictures(of: trainer.method, recipe, test: data.test)
            else { return nil }
            return { try drawn.draw().map { .init(tag: $0.name, png: $0.png, size: $0.size) } }
        }
        try run { try makeTrainer($0, $1, data, device, processes, teacher, $2) }
    }

    private func makeTrainer(
        _ recipe: Recipe, _ folder: String, _ data: TrainingData, _ device: Device,
        _ processes: any ProcessGroup, _ teacher: TeacherSource,
        _ report: @escaping (TrainingEvent) -> Void
    ) throws -> Trainer {
        let loaded = try teacher(data, device)
        var settings = options.settings(output: folder, on: device, with: processes)
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
}
