import Torch
import TorchNN
import VisionModels

/// A student taught by labels, and by a teacher through the terms of one or several methods.
///
/// Without a teacher it is the student alone, the baseline of every method.
public final class TaughtStudent: Distiller {
    /// The network that is being trained.
    public let student: any Backbone

    /// What the teacher adds, in order.
    public let terms: [any KnowledgeTerm]

    private let teacher: Teacher?
    private let preactivationsOf: Set<DistillationSide>
    private let crossEntropyWeight: Double
    private let precision: Precision

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - teacher: the teacher; nil for a student alone.
    ///   - terms: made for this pair; none without a teacher.
    ///   - crossEntropyWeight: the weight of the labels' term.
    ///   - precision: of the student's forward pass.
    /// - Precondition: there are no terms without a teacher.
    public init(
        student: any Backbone, teacher: Teacher? = nil, terms: [any KnowledgeTerm] = [],
        crossEntropyWeight: Double = 1, precision: Precision
    ) {
        precondition(teacher != nil || terms.isEmpty, "TaughtStudent: terms without a teacher")
        self.student = student
        self.teacher = teacher
        self.terms = terms
        preactivationsOf = terms.reduce(into: []) { $0.formUnion($1.preactivationsOf) }
        self.crossEntropyWeight = crossEntropyWeight
        self.precision = precision
    }

    /// The student's parameters and the terms' own.
    public var trainableParameters: [NamedTensor] {
        student.parameters().map { $0.prefixed("student") }
            + terms.flatMap(\.trainableParameters)
    }

    /// Cross entropy and the teacher's terms.
    public func losses(_ batch: Batch<Tensor>) -> LossTerms {
        observe(batch) { student, teacher in
            guard let logits = student.logits else {
                preconditionFailure("TaughtStudent: \(type(of: self.student)) has no classifier")
            }
            var losses = LossTerms(logits: logits)
            losses.add("cross_entropy", logits.crossEntropy(batch.targets))
            if let teacher {
                let observation = Observation(student: student, teacher: teacher, batch: batch)
                for term in terms { losses.add(term.name, term(observation)) }
            }
            return losses
        }
    }

    /// Lets the networks see a batch, and goes on within the student's mixed precision.
    func observe<Result>(
        _ batch: Batch<Tensor>,
        _ body: (_ student: FeaturePyramid, _ teacher: FeaturePyramid?) -> Result
    ) -> Result {
        let knowledge = teacher.map { teacher in
            timed("teacher") {
                teacher(batch.images, keepsPreactivations: preactivationsOf.contains(.teacher))
            }
        }
        return withAutocast(precision.autocast, on: batch.images.device) {
            let features = timed("student forward") {
                student.features(
                    batch.images, keepsPreactivations: preactivationsOf.contains(.student))
            }
            return body(features, knowledge)
        }
    }

    /// The labels' weight and the terms'.
    public func termWeights(at progress: TrainingProgress) -> [Double] {
        [crossEntropyWeight] + terms.map { $0.weight(at: progress) }
    }

    /// The student's state, the terms', and the teacher's where it changes.
    public func stateDict() -> [NamedTensor] {
        student.stateDict().map { $0.prefixed("student") } + terms.flatMap { $0.stateDict() }
            + (teacher?.stateDict() ?? []).map { $0.prefixed("teacher") }
    }
}
