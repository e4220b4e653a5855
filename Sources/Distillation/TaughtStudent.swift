import Torch
import TorchNN
import VisionModels

/// A student taught by labels, and by a teacher through the terms of one or several methods.
///
/// Without a teacher it is the student alone, the baseline of every method.
public final class TaughtStudent<Targets>: Distiller {
    /// The student and what it is trained for.
    public let task: any LearningTask<Targets>

    /// What the teacher adds, in order.
    public let terms: [any KnowledgeTerm]

    /// Who teaches; nil for a student alone.
    public let teacher: Teacher?

    private let preactivationsOf: Set<DistillationSide>
    private let labelsWeight: Double
    private let labelsTermCount: Int
    private let precision: Precision

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - task: the student, in training mode, with what it is trained for.
    ///   - teacher: the teacher; nil for a student alone.
    ///   - terms: made for this pair; none without a teacher.
    ///   - labelsWeight: the weight of the labels' terms.
    ///   - precision: of the student's forward pass.
    /// - Precondition: there are no terms without a teacher.
    public init(
        task: any LearningTask<Targets>, teacher: Teacher? = nil,
        terms: [any KnowledgeTerm] = [], labelsWeight: Double = 1, precision: Precision
    ) {
        precondition(teacher != nil || terms.isEmpty, "TaughtStudent: terms without a teacher")
        self.task = task
        self.teacher = teacher
        self.terms = terms
        preactivationsOf = terms.reduce(into: []) { $0.formUnion($1.preactivationsOf) }
        self.labelsWeight = labelsWeight
        labelsTermCount = task.lossNames.count
        self.precision = precision
    }

    /// The student's parameters, those of frozen parts aside, and the terms' own.
    public var trainableParameters: [NamedTensor] {
        student.parameters().filter(\.tensor.requiresGrad).map { $0.prefixed("student") }
            + terms.flatMap(\.trainableParameters)
    }

    /// The student, the teacher and what the terms have.
    public var modules: [any Module] {
        [student] + (teacher.map { [$0.network] } ?? []) + terms.flatMap(\.modules)
    }

    /// Those among the teacher's terms.
    public var termsWithMemory: [String] { terms.filter(\.remembersImages).map(\.name) }

    /// After the labels' losses.
    public var firstTaughtTerm: Int { labelsTermCount }

    /// Those among the teacher's terms.
    public var classMeanTerms: [any ClassMeanTerm] { terms.compactMap { $0 as? any ClassMeanTerm } }

    /// The labels' losses and the teacher's terms.
    public func losses(_ batch: Batch<Targets>) -> LossTerms {
        observe(batch) { lesson, observation in
            var losses = LossTerms(measures: lesson.measures)
            for loss in lesson.losses { losses.add(loss.name, loss.value) }
            if let observation {
                for term in terms { losses.add(term.name, term(observation)) }
            }
            return losses
        }
    }

    /// Lets the networks see a batch, and goes on within the student's mixed precision.
    func observe<Result>(
        _ batch: Batch<Targets>, _ body: (Lesson, Observation?) -> Result
    ) -> Result {
        let knowledge = teacher.map { teacher in
            timed("teacher") {
                teacher(batch.images, keepsPreactivations: preactivationsOf.contains(.teacher))
            }
        }
        return withAutocast(precision.autocast, on: batch.images.device) {
            let lesson = timed("student forward") {
                task.learn(
                    from: batch, keepsPreactivations: preactivationsOf.contains(.student))
            }
            return body(
                lesson,
                knowledge.map { pyramid in
                    Observation(
                        student: lesson.features,
                        teacher: timed("teacher") { lesson.answered(by: pyramid) },
                        classes: lesson.classes, indices: batch.indices)
                })
        }
    }

    /// The labels' weight, once for each of their losses, and the terms'.
    public func termWeights(at progress: TrainingProgress) -> [Double] {
        Array(repeating: labelsWeight, count: labelsTermCount)
            + terms.map { $0.weight(at: progress) }
    }

    /// The student's state, the task's, the terms', and the teacher's where it changes.
    public func stateDict() -> [NamedTensor] {
        student.stateDict().map { $0.prefixed("student") }
            + task.runState().map { $0.prefixed("task") } + terms.flatMap { $0.stateDict() }
            + (teacher?.stateDict() ?? []).map { $0.prefixed("teacher") }
    }
}

extension TaughtStudent<Tensor> {
    /// Puts the parts together around a student that classifies.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - teacher: the teacher; nil for a student alone.
    ///   - terms: made for this pair; none without a teacher.
    ///   - crossEntropyWeight: the weight of the labels' term.
    ///   - labelSmoothing: the share of a label that is spread evenly over all classes.
    ///   - precision: of the student's forward pass.
    /// - Precondition: there are no terms without a teacher.
    public convenience init(
        student: any Backbone, teacher: Teacher? = nil, terms: [any KnowledgeTerm] = [],
        crossEntropyWeight: Double = 1, labelSmoothing: Double = 0, precision: Precision
    ) {
        self.init(
            task: Classification(student, labelSmoothing: labelSmoothing), teacher: teacher,
            terms: terms, labelsWeight: crossEntropyWeight, precision: precision)
    }
}
