import Basics
import Foundation
import RecordStore
import RunRecords
import Training

extension RunUpdate {
    /// What a step tells.
    init(_ step: StepReport, at number: Int) {
        self.init()
        points = step.terms.map {
            RunPoint(series: "step/\($0.name)", step: number, value: $0.value)
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
        var values: [(String, Double)] = [
            ("learning_rate", epoch.learningRate), ("seconds", epoch.seconds),
            ("images_per_second", epoch.imagesPerSecond),
            ("peak_memory_bytes", Double(epoch.peakMemoryBytes)),
        ]
        values += epoch.train.map { ("train/\($0.key)", $0.value) }
        for (images, scores) in [("validation", epoch.validation), ("test", epoch.test)] {
            values += (scores?.all ?? [:]).map { ("\(images)/\($0.key)", $0.value) }
        }
        return values.map { RunPoint(series: $0, step: epoch.step, value: $1) }
    }
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
