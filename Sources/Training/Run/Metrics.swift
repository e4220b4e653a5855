import Distillation
import Foundation
import Torch
import TorchNN

/// One line of `metrics.jsonl`: one epoch.
public struct EpochRecord: Codable, Sendable, Equatable {
    /// The epoch, from 1.
    public var epoch: Int

    /// How many steps of the run were done at its end.
    public var step: Int

    /// The learning rate of its last step.
    public var learningRate: Double

    /// How long it took, evaluation included.
    public var seconds: Double

    /// Training images per second, evaluation excluded.
    public var imagesPerSecond: Double

    /// The largest memory so far: of the process, or of its tensors on the card.
    public var peakMemoryBytes: Int

    /// The mean of each loss term, unweighted, of their weighted `total`, and `top1` in percent.
    public var train: [String: Double]

    /// The accuracy on the images held out for validation.
    public var validation: EvaluationResult?

    /// The accuracy on the test set.
    public var test: EvaluationResult?

    /// The revision of the code that ended it, where it is known.
    public var revision: String?

    /// The SHA-256 of the teacher's file, where there is one.
    public var teacher: String?

    /// The SHA-256 of the file that the student started from, where it did not start anew.
    public var studentWeights: String?

    /// How many training images there were, those held out for validation included; absent in files of
    /// earlier versions.
    public var trainingImages: Int?

    /// Of the first epoch the accuracy of the teacher before the first step, in percent, on at most 2,000
    /// images that are held out for validation, else of the test set.
    public var teacherTop1: Double?

    enum CodingKeys: String, CodingKey {
        case epoch, step, seconds, train, validation, test, revision, teacher
        case studentWeights = "student_weights"
        case trainingImages = "training_images"
        case teacherTop1 = "teacher_top1"
        case learningRate = "learning_rate"
        case imagesPerSecond = "images_per_second"
        case peakMemoryBytes = "peak_memory_bytes"
    }

    /// What the run had beside its recipe.
    var inputs: RunInputs {
        RunInputs(
            teacher: teacher, studentWeights: studentWeights, trainingImages: trainingImages,
            testImages: test?.count)
    }

    /// The first mean loss that is infinite or not a number, which JSON could not hold, and the images it
    /// is of.
    var notFinite: (images: String, value: Double)? {
        let losses =
            train.sorted { $0.key < $1.key }.map { (images: "training", value: $0.value) }
            + [("validation", validation), ("test", test)].compactMap { name, result in
                result.map { (images: name, value: $0.loss) }
            }
        return losses.first { !$0.value.isFinite }
    }

    /// The record as one line of JSON.
    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension [EpochRecord] {
    /// The epoch that was best on the images held out for validation; nil where none are.
    ///
    /// Of equal ones it is the first, whose weights are kept.
    public var bestOnValidation: EpochRecord? {
        var best: EpochRecord?
        for record in self {
            guard let top1 = record.validation?.top1 else { continue }
            if top1 > best?.validation?.top1 ?? -1 { best = record }
        }
        return best
    }
}

/// Sums of an epoch's loss terms and hits, kept on the device.
///
/// A sum comes to be when its term is first met, and stays the same tensor from then on.
struct TrainingMetrics {
    private var sums: [String: Tensor] = [:]
    private let images: Tensor

    /// How many images there were so far; waits for the device.
    var imageCount: Int { Int(images.item()) }

    /// Adds one step.
    mutating func add(_ terms: LossTerms, total: Tensor, targets: Tensor) {
        withoutGrad {
            let count = targets.size(0)
            let hits = terms.logits.argmax(1).isEqual(to: targets).sum()
            var values = terms.terms.map { ($0.name, $0.value.detach() * Double(count)) }
            values.append(("total", total.detach() * Double(count)))
            values.append(("top1", hits.to(.float64) * 100))
            for (name, value) in values {
                let sum = sums[name] ?? Tensor.zeros([], dtype: .float64, device: value.device)
                sums[name] = sum.add(value)
            }
            images.add(
                Tensor.full([1], Double(count), dtype: .int64, device: images.device))
        }
    }

    /// Starts again from nothing, in the same tensors.
    func reset() {
        withoutGrad { for sum in sums.values + [images] { sum.fillZero() } }
    }

    /// The means over the images so far; waits for the device.
    var means: [String: Double] {
        let count = Double(imageCount)
        return sums.mapValues { $0.item() / count }
    }

    /// The sums, for a checkpoint.
    func stateDict() -> [NamedTensor] {
        sums.sorted { $0.key < $1.key }.map { NamedTensor($0.key, $0.value) }
            + [NamedTensor("images", images)]
    }

    /// Metrics as a checkpoint holds them.
    init(stateDict: [NamedTensor] = [], device: Device = .cpu) {
        for entry in stateDict where entry.name != "images" {
            sums[entry.name] = entry.tensor.to(device)
        }
        images =
            stateDict.first { $0.name == "images" }?.tensor.to(device)
            ?? Tensor.zeros([1], dtype: .int64, device: device)
    }
}

/// The largest resident memory of this process so far, in bytes; 0 where the system does not tell.
public func peakResidentMemory() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
        return 0
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
    return kilobytes.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
}

/// The largest memory that training on a device has taken so far, in bytes.
///
/// - Parameter device: where it ran.
/// - Returns: the resident memory of this process, or the memory of its tensors on a card.
/// - Throws: `OperatorError` where there is no such card.
func peakMemory(on device: Device) throws -> Int {
    device == .cpu ? peakResidentMemory() : try CUDAMemory(of: device).peak
}
