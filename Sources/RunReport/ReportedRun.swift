import Basics
import Distillation
import Foundation
import NetworkFiles
import Recipes
import RunRecords
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// A run as a report shows it.
public struct ReportedRun {
    /// What it is called.
    public let name: String

    /// What it did.
    public let recipe: Recipe

    /// The records of its epochs.
    public let history: [EpochRecord]

    /// Its student, in evaluation mode; nil where the report has no images to judge it on.
    public let student: (any Backbone)?

    /// What taught it, where that is known.
    public let lesson: ReportedLesson?

    /// Gathers what is known.
    public init(
        name: String, recipe: Recipe, history: [EpochRecord], student: (any Backbone)?,
        lesson: ReportedLesson? = nil
    ) {
        self.name = name
        self.recipe = recipe
        self.history = history
        self.student = student
        self.lesson = lesson
    }

    /// The method's name, `alone` where nothing teaches.
    var method: String { recipe.teacher == nil ? "alone" : recipe.method.name }
}

/// The teacher of a run, and the fusion blocks where they are still there.
public struct ReportedLesson {
    /// The teacher as the run had it.
    public let teacher: Teacher

    /// The trained review; nil for other methods, and where the run's checkpoint is gone.
    public let review: ReviewKD?

    /// Gathers both.
    public init(teacher: Teacher, review: ReviewKD?) {
        self.teacher = teacher
        self.review = review
    }

    /// Takes both from a run's method; nil where nothing taught.
    ///
    /// - Parameter distiller: the method after training.
    public init?(of distiller: any Distiller<Tensor>) {
        guard let taught = distiller as? TaughtStudent<Tensor>, let teacher = taught.teacher else {
            return nil
        }
        self.init(
            teacher: teacher, review: taught.terms.lazy.compactMap { $0 as? ReviewKD }.first)
    }
}

extension ReportedRun {
    /// Reads a run from its folder.
    ///
    /// - Parameters:
    ///   - folder: the run's.
    ///   - data: the images of its data set; nil for tables and curves alone.
    ///   - teacher: the teacher's file; nil where the report is to do without.
    ///   - program: how that file stores a program, whose code is executed; nil for a file of weights.
    ///   - remark: called with what the report lacks, and why.
    /// - Throws: where recipe, records or weights cannot be read, or do not fit.
    public init(
        folder: String, data: TrainingData?, teacher: String?,
        program: TensorProgram.Form? = nil, remark: (String) -> Void
    ) throws {
        let recipe = try Recipe.load(file: folder + "/recipe.yaml")
        let history = try RunFolder.history(in: folder)
        let name = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
        guard let data, !recipe.isDetection else {
            self.init(name: name, recipe: recipe, history: history, student: nil)
            return
        }
        let classCount = data.train.classCount
        let student = try recipe.makeStudent(classCount: classCount, device: .cpu)
        try student.load(
            weights: folder + "/" + lastWeightsName, named: recipe.student.model)
        student.eval()
        guard let teacher,
            let network = try recipe.openTeacher(
                teacher, program: program, classCount: classCount,
                imageSize: data.train.imageSize, device: .cpu)
        else {
            self.init(name: name, recipe: recipe, history: history, student: student)
            return
        }
        // Its own student is of no account: the run's has the weights of the last epoch.
        let distiller = try recipe.makeDistiller(
            student: try recipe.makeStudent(classCount: classCount, device: .cpu),
            teacherNetwork: network, precision: .float32, images: ImageFacts(data))
        var lesson = ReportedLesson(of: distiller)
        if try !RunFolder.restore(distiller, from: folder) {
            remark("\(name) has no checkpoint any more, so that its fusion blocks are not shown")
            lesson = lesson.map { ReportedLesson(teacher: $0.teacher, review: nil) }
        }
        lesson?.review?.review.eval()
        self.init(
            name: name, recipe: recipe, history: history, student: student, lesson: lesson)
    }
}
