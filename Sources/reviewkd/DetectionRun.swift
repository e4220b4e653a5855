import ArgumentParser
import Basics
import COCO
import DetectionData
import DetectionTraining
import Detectors
import Distillation
import Foundation
import NetworkFiles
import Recipes
import Remedies
import Reporting
import Revision
import RunRecords
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// A run that trains a detector, from the command line.
struct DetectionRun {
    let recipe: Recipe
    let options: RunCommandOptions

    /// The teacher's file; nil for a student alone.
    let teacher: String?

    /// Where in the teacher's file its weights are.
    var teacherKey = WeightsKey()

    /// Trains, and prints what came out.
    func run() throws {
        let device = try options.device.resolve()
        recipe.precision?.noteEmulation(on: device)
        let reporter = ProgressReporter(quiet: options.quiet)
        try requireUse()
        try recipe.requireMethodForDetectors()
        guard let directory = options.data else {
            throw DatasetError.noFolder(dataset: recipe.dataset.images.name)
        }
        let data = try DetectionPictures(
            of: recipe, in: directory, reading: options.photographs.reading, device: device
        ) { reporter.remark($0) }
        Interruption.install()
        let precision = try recipe.precision ?? .standard(on: device)
        let classCount = data.train.classNames.count
        let network = try teacher.flatMap {
            try recipe.makeTeacherDetector(
                classCount: classCount, device: device, from: $0, key: teacherKey,
                remark: { reporter.remark("teacher: \(told($0))") })
        }
        let detector = try recipe.makeDetector(
            classCount: classCount, device: device, startingFrom: options.studentWeights,
            key: options.studentKey, remark: { reporter.remark("student: \(told($0))") })
        var settings = options.settings(output: options.output, on: device)
        settings.studentWeightsDigest = try options.studentWeights.map { try sha256(ofFile: $0) }
        settings.teacherDigest = try teacher.map { try sha256(ofFile: $0) }
        settings.evaluatesEveryEpoch = data.test.count <= Self.evaluatedEveryEpoch
        let trainer = try Trainer(
            recipe: recipe, data: data, detector: detector,
            teacher: network.flatMap { recipe.makeTeacher($0, precision: precision) },
            options: settings
        ) { reporter.report($0) }
        let outcome = try trainer.run()
        reporter.finish()
        try conclude(outcome, trainer)
    }

    /// More test pictures than these are evaluated after the last epoch alone.
    private static let evaluatedEveryEpoch = 1000

    private func requireUse() throws {
        let given = [
            ("--seeds", options.seeds != nil), ("--new-classifier", options.newClassifier),
            ("--dry-run", options.dryRun),
        ].first { $0.1 }
        guard let given else { return }
        throw ValidationError("\(given.0) is not made for detectors; leave it out")
    }

    private func conclude(_ outcome: TrainingOutcome, _ trainer: Trainer) throws {
        let folder = options.output
        switch outcome {
        case .finished: printResult(trainer.history)
        case .alreadyFinished:
            print("\(folder) holds a finished run; nothing was done.")
            printResult(trainer.history)
        default: try TrainingRun.tellUnfinished(outcome, in: folder)
        }
    }

    private func printResult(_ history: [EpochRecord]) {
        guard let last = history.last, let test = last.test else { return }
        print("After the last epoch (\(last.epoch)): \(test.precisions).")
        print("Weights: \(options.output)/student-last.safetensors")
    }
}
