import ArgumentParser
import Basics
import COCO
import CommandOptions
import DetectionData
import DetectionTraining
import Detectors
import Distillation
import Foundation
import NetworkFiles
import Recipes
import RecordCommands
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
        try options.processes.run(on: options.device) { try run(with: $0) }
    }

    private func run(with processes: any ProcessGroup) throws {
        let device = try options.device.resolve()
        recipe.precision?.noteEmulation(on: device)
        let reporter = ProgressReporter(quiet: options.quiet)
        guard !options.newClassifier else {
            throw ValidationError("--new-classifier is not made for detectors; leave it out")
        }
        try recipe.requireMethodForDetectors()
        if options.dryRun { return try CommandedRun.estimate(recipe, options, on: device) }
        guard let directory = options.data else {
            throw DatasetError.noFolder(dataset: recipe.dataset.images.name)
        }
        let data = try DetectionPictures(
            of: recipe, in: directory,
            reading: options.photographs.reading.divided(among: processes.localSize), device: device
        ) { reporter.remark($0) }
        Interruption.install()
        let precision = try recipe.precision ?? .standard(on: device)
        let classCount = data.train.classNames.count
        let network = try teacher.flatMap {
            try recipe.makeTeacherDetector(
                classCount: classCount, device: device, from: $0, key: teacherKey,
                remark: { reporter.remark("teacher: \(told($0))") })
        }
        let studentDigest = try options.studentWeights.map { try sha256(ofFile: $0) }
        let teacherDigest = try teacher.map { try sha256(ofFile: $0) }
        let run = CommandedRun(
            recipe: recipe, options: options, device: device, processes: processes,
            reporter: reporter)
        try run { recipe, folder, report in
            let detector = try recipe.makeDetector(
                classCount: classCount, device: device, startingFrom: options.studentWeights,
                key: options.studentKey, remark: { reporter.remark("student: \(told($0))") })
            var settings = options.settings(output: folder, on: device, with: processes)
            settings.studentWeightsDigest = studentDigest
            settings.teacherDigest = teacherDigest
            settings.evaluatesEveryEpoch = data.areJudgedEveryEpoch
            return try Trainer(
                recipe: recipe, data: data, detector: detector,
                teacher: network.flatMap { recipe.makeTeacher($0, precision: precision) },
                options: settings, report: report)
        }
    }
}
