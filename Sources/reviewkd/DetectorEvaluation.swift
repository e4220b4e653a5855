import ArgumentParser
import Basics
import COCO
import CommandOptions
import DetectionData
import DetectionTraining
import Detectors
import Distillation
import NetworkFiles
import Remedies
import TensorFiles
import Terminal
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

extension EvaluateCommand {
    /// Judges a detector on the validation images of a folder in COCO's form.
    func evaluateDetector(with processes: any ProcessGroup) throws {
        let architecture = try DetectorArchitecture(named: model)
        let device = try device.resolve()
        precision.noteEmulation(on: device)
        let card = try DetectorCard(StudentCard(of: file), of: file)
            .with(shortEdge: shortEdge, longestEdge: longestEdge)
        let pictures = try PictureSource(
            .test, in: data, settings: card.pictures,
            reading: photographs.reading.divided(among: processes.localSize),
            device: device, withMasks: architecture.hasMasks
        ) { printError("note: \($0)") }
        let normalization = try normalization()
        let detector = try UnfitWeights.naming("--model ") {
            try card.detector(
                architecture, from: file, key: weights.key,
                classCount: pictures.classNames.count, takingPicturesAs: normalization,
                device: device, remark: { printError("note: \(told($0))") })
        }
        let progress = EvaluationProgress(quiet: false)
        let (scores, found) = try detector.judge(
            pictures, normalization: normalization, batchSize: 1, dtype: precision.dtype,
            over: processes
        ) { progress.show($0, of: $1) }
        if let results, processes.rank == 0 { try found.write(to: results) }
        if json {
            try printJSON(scores)
        } else {
            print("\(scores.precisions), \(scores.count) images")
        }
    }
}
