import Foundation
import RunRecords

/// What one finished cell gave: one line of `results.jsonl`.
public struct CellResult: Codable, Sendable, Equatable {
    /// The version of the line's form that this code writes and reads.
    static let version = 1

    /// The version of the line's form.
    public var version = CellResult.version

    /// Teacher and student, as `resnet56-resnet20`; of a teacher's own training the model.
    public var pair: String

    /// The method, or an ablation and its setting, as `stages/3-1`.
    public var method: String

    /// The origin of the run's random numbers.
    public var seed: Int

    /// The schedule's name.
    public var schedule: String

    /// How many epochs it was trained.
    public var epochs: Int

    /// The test accuracy after the last epoch, in percent.
    public var top1: Double

    /// How often one of the first five guesses was right then, in percent.
    public var top5: Double

    /// The test accuracy after the epoch that was best on the held-out images, in percent; absent
    /// where none are held out.
    public var validationBestTop1: Double?

    /// The accuracy on the held-out images after the last epoch, in percent; absent where none are held out.
    public var validationTop1: Double?

    /// The test accuracy of the averaged student after the last epoch, in percent; absent where there is none.
    public var averagedTop1: Double?

    /// The accuracy of the averaged student on the held-out images then, in percent.
    public var averagedValidationTop1: Double?

    /// The best test accuracy of any epoch, in percent, which is chosen on the test set.
    public var testBestTop1: Double

    /// Seconds of training, evaluation included.
    public var seconds: Double

    /// Where it ran.
    public var device: String

    /// The processor's or card's name.
    public var processor: String

    /// The arithmetic.
    public var precision: String

    /// The revision of the code that ended the run.
    public var revision: String

    /// The day on which it was finished, as 2026-11-25, in UTC.
    public var date: String

    /// A digest of the recipe.
    public var recipe: String

    /// The SHA-256 of the teacher's file, where there is a teacher.
    public var teacher: String?

    /// The teacher's test accuracy, in percent.
    public var teacherTop1: Double?

    /// The data set; absent in lines of earlier versions.
    public var dataset: String?

    /// How many training images it had, those held out included; absent in lines of earlier versions.
    public var trainingImages: Int?

    /// How many test images it had; absent in lines of earlier versions.
    public var testImages: Int?

    /// The cell that it belongs to.
    public var key: Cell.Key {
        Cell.Key(pair: pair, method: method, seed: seed, schedule: schedule)
    }

    enum CodingKeys: String, CodingKey {
        case version, pair, method, seed, schedule, epochs, top1, top5, seconds, device, processor
        case precision, revision, date, recipe, teacher, dataset
        case trainingImages = "training_images"
        case testImages = "test_images"
        case validationBestTop1 = "validation_best_top1"
        case validationTop1 = "validation_top1"
        case averagedTop1 = "ema_top1"
        case averagedValidationTop1 = "ema_validation_top1"
        case testBestTop1 = "test_best_top1"
        case teacherTop1 = "teacher_top1"
    }

    /// The same run's result for another cell.
    func renamed(to key: Cell.Key) -> CellResult {
        var copy = self
        copy.pair = key.pair
        copy.method = key.method
        copy.seed = key.seed
        copy.schedule = key.schedule
        return copy
    }

    /// Whether it was made with the images that the published values are of.
    var isOfPublishedImages: Bool {
        (dataset ?? "cifar100") == "cifar100" && (trainingImages ?? 50_000) == 50_000
            && (testImages ?? 10_000) == 10_000
    }

    /// What its run had beside the recipe.
    var inputs: RunInputs {
        RunInputs(teacher: teacher, trainingImages: trainingImages, testImages: testImages)
    }

    /// What keeps both from standing in one table; nil where nothing does.
    func conflict(with other: CellResult) -> String? {
        guard schedule == other.schedule else { return nil }
        if let dataset, let theirs = other.dataset, dataset != theirs { return "another data set" }
        guard inputs.imageDifference(from: other.inputs) == nil else { return "other images" }
        guard pair == other.pair, let teacher, let theirs = other.teacher else { return nil }
        return teacher == theirs ? nil : "another teacher"
    }

    /// The result as one line of JSON, without the line's end.
    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
