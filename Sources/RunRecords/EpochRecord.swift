import Basics
import Foundation

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

    /// How many threads an operator had at its end, on the CPU; absent on a card and in files of earlier
    /// versions.
    public var threads: Int?

    /// Whose kernels computed it, on the CPU; absent on a card and in files of earlier versions.
    public var kernels: Kernels?

    /// The mean of each loss term, unweighted, of their weighted `total`, and `top1` in percent.
    public var train: [String: Double]

    /// How well the student did on the images held out for validation.
    public var validation: Scores?

    /// How well it did on the test set.
    public var test: Scores?

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
        case epoch, step, seconds, threads, kernels, train, validation, test, revision, teacher
        case studentWeights = "student_weights"
        case trainingImages = "training_images"
        case teacherTop1 = "teacher_top1"
        case learningRate = "learning_rate"
        case imagesPerSecond = "images_per_second"
        case peakMemoryBytes = "peak_memory_bytes"
    }

    /// Gathers what is known of an epoch.
    package init(
        epoch: Int, step: Int, learningRate: Double, seconds: Double, imagesPerSecond: Double,
        peakMemoryBytes: Int, threads: Int? = nil, kernels: Kernels? = nil, train: [String: Double],
        validation: Scores?,
        test: Scores?, inputs: RunInputs = RunInputs(), revision: String? = nil,
        teacherTop1: Double? = nil
    ) {
        self.epoch = epoch
        self.step = step
        self.learningRate = learningRate
        self.seconds = seconds
        self.imagesPerSecond = imagesPerSecond
        self.peakMemoryBytes = peakMemoryBytes
        self.threads = threads
        self.kernels = kernels
        self.train = train
        self.validation = validation
        self.test = test
        self.revision = revision
        self.teacher = inputs.teacher
        self.studentWeights = inputs.studentWeights
        self.trainingImages = inputs.trainingImages
        self.teacherTop1 = teacherTop1
    }

    /// What the run had beside its recipe.
    package var inputs: RunInputs {
        RunInputs(
            teacher: teacher, studentWeights: studentWeights, trainingImages: trainingImages,
            testImages: test?.count)
    }

    /// The first mean loss that is infinite or not a number, which JSON could not hold, and the images it
    /// is of.
    package var notFinite: (images: String, value: Double)? {
        let losses =
            train.sorted { $0.key < $1.key }.map { (images: "training", value: $0.value) }
            + [("validation", validation), ("test", test)].flatMap { name, result in
                (result?.figures(endingIn: "loss") ?? []).map { (images: name, value: $0) }
            }
        return losses.first { !$0.value.isFinite }
    }

    /// The record as one line of JSON.
    package func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension [EpochRecord] {
    /// The epoch that was best on the images held out for validation; nil where none are.
    ///
    /// Of equal ones it is the first, whose weights are kept.
    ///
    /// - Parameter score: what counts, as `top1`; more is better.
    /// - Returns: the epoch's record.
    public func bestOnValidation(by score: String) -> EpochRecord? {
        var best: EpochRecord?
        for record in self {
            guard let value = record.validation?[score] else { continue }
            if value > best?.validation?[score] ?? -1 { best = record }
        }
        return best
    }
}
