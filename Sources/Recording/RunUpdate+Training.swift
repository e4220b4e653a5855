import Basics
import Foundation
import RecordStore
import RunRecords
import Training

extension RunUpdate {
    /// What a step tells.
    init(_ step: StepReport) {
        self.init()
        points = step.terms.map {
            RunPoint(series: "step/\($0.name)", step: step.number, value: $0.value)
        }
    }

    /// What the records of epochs tell.
    ///
    /// - Parameters:
    ///   - epochs: in order.
    ///   - score: the score that counts.
    init(_ epochs: [EpochRecord], score: String) {
        self.init()
        points = epochs.flatMap(Self.points)
        guard let last = epochs.last else { return }
        progress = RunProgress(
            epoch: last.epoch, step: last.step, imagesPerSecond: last.imagesPerSecond,
            score: epochs.last { $0.test != nil }?.test?[score])
    }

    private static func points(of epoch: EpochRecord) -> [RunPoint] {
        let values =
            epoch.curves + [
                (name: "seconds", value: epoch.seconds),
                (name: "peak_memory_bytes", value: Double(epoch.peakMemoryBytes)),
            ]
        return values.map { RunPoint(series: $0.name, step: epoch.step, value: $0.value) }
    }
}

extension EpochRecord {
    /// What of an epoch is drawn as a curve, whoever draws it.
    var curves: [(name: String, value: Double)] {
        var values = [
            (name: "learning_rate", value: learningRate),
            (name: "images_per_second", value: imagesPerSecond),
        ]
        values += train.map { (name: "train/\($0.key)", value: $0.value) }
        for (images, scores) in [("validation", validation), ("test", test)] {
            values += (scores?.all ?? [:]).map { (name: "\(images)/\($0.key)", value: $0.value) }
        }
        return values
    }
}

extension StepReport {
    /// How many steps of the run are done.
    var number: Int { (epoch - 1) * stepsPerEpoch + stepInEpoch }
}

/// The files that a run left in its folder, but for its checkpoints and lists of images.
///
/// - Parameter folder: the run's.
/// - Returns: each with size and SHA-256; one that cannot be read is left out, since the run is what counts.
func artefacts(in folder: String) -> [RunArtefact] {
    let names = [
        "recipe.yaml", "metrics.jsonl", "student-last.safetensors", "student-best.safetensors",
        "student-ema.safetensors",
    ]
    return names.compactMap { name in
        let path = "\(folder)/\(name)"
        guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int,
            let digest = try? sha256(ofFile: path)
        else { return nil }
        return RunArtefact(path: name, bytes: size, sha256: digest)
    }
}
