import Foundation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Distillation

@Suite struct TeacherTests {
    private func statistics(_ network: any Module) -> [[UInt8]] {
        network.stateDict().map { $0.tensor.bytes() }
    }

    @Test("A frozen teacher keeps its statistics and has no state of the run")
    func frozen() {
        let teacher = Teacher(smallNetwork())
        let before = statistics(teacher.network)
        let features = teacher(smallImages)
        #expect(statistics(teacher.network) == before)
        #expect(teacher.stateDict().isEmpty)
        #expect(features.logits?.requiresGrad == false)
        #expect(teacher.network.parameters().allSatisfy { !$0.tensor.requiresGrad })
    }

    @Test("A teacher that remembers looks at the same images once, and at others anew")
    func remembering() throws {
        let network = smallNetwork()
        let teacher = Teacher(network, remembers: true)
        func logits(_ images: Tensor) throws -> [UInt8] {
            try #require(teacher(images, keepsPreactivations: false).logits).bytes()
        }
        let others = smallImages * 0.5
        let (first, second) = (try logits(smallImages), try logits(others))
        #expect(try first == #require(Teacher(network)(smallImages).logits).bytes())
        #expect(first != second)
        // What is remembered shows when the network changes, which a teacher's never does.
        withoutGrad { for entry in network.stateDict() { _ = entry.tensor.fillZero() } }
        #expect(try logits(others.clone()) == second)
        #expect(!teacher(others).preactivations.isEmpty)
        #expect(try logits(smallImages) != first)
    }

    @Test("A teacher that remembers does not remember what memory did not suffice for")
    func forgetting() throws {
        let network = StubBackbone(stages: 2)
        let teacher = Teacher(network, remembers: true)
        network.isGreedy = true
        #expect(throws: OperatorError.self) {
            try collectingOperatorErrors { _ = teacher(smallImages) }
        }
        network.isGreedy = false
        #expect(teacher(smallImages).stages.map { $0.size(2) } == [8, 4])
    }

    @Test("A teacher in batch mode uses the batch's statistics, and its own move on")
    func batchMode() throws {
        let frozen = Teacher(smallNetwork())
        let teacher = Teacher(smallNetwork(), mode: .batch)
        let before = teacher.stateDict().map { $0.tensor.bytes() }
        let logits = try #require(teacher(smallImages).logits)
        let after = teacher.stateDict()
        #expect(zip(before, after).allSatisfy { $0 != $1.tensor.bytes() })
        let kinds = Set(after.compactMap { $0.name.split(separator: ".").last.map(String.init) })
        #expect(kinds == ["running_mean", "running_var", "num_batches_tracked"])
        #expect(logits.bytes() != frozen(smallImages).logits?.bytes())
        #expect(!logits.requiresGrad)
    }

    @Test("Renormalization gives what images normalised the teacher's way give")
    func renormalization() throws {
        let mean = [0.49, 0.48, 0.45]
        let deviation = [0.25, 0.24, 0.26]
        let teacherMean = [0.51, 0.42, 0.4]
        let teacherDeviation = [0.2, 0.3, 0.28]
        func normalised(_ mean: [Double], _ deviation: [Double]) -> Tensor {
            func channels(_ values: [Double]) -> Tensor {
                Tensor(values.map(Float.init), shape: [1, 3, 1, 1])
            }
            return (smallImages - channels(mean)) / channels(deviation)
        }
        let change = Teacher.Renormalization(
            mean: mean, deviation: deviation, teacherMean: teacherMean,
            teacherDeviation: teacherDeviation)
        let found = Teacher(smallNetwork(), renormalization: change)(normalised(mean, deviation))
        let expected = Teacher(smallNetwork())(normalised(teacherMean, teacherDeviation))
        #expect(relativeError(try #require(found.logits), try #require(expected.logits)) < 1e-5)
        let unchanged = Teacher(smallNetwork())(normalised(mean, deviation))
        #expect(relativeError(try #require(unchanged.logits), try #require(expected.logits)) > 1e-2)
    }

    @Test(
        "In bfloat16 a teacher answers in bfloat16, near its float32 self",
        arguments: [
            Teacher.BatchNormMode.frozen, .batch,
        ])
    func bfloat16(_ mode: Teacher.BatchNormMode) throws {
        let low = Teacher(smallNetwork(), mode: mode, precision: .bfloat16)(smallImages)
        let high = Teacher(smallNetwork(), mode: mode)(smallImages)
        #expect(low.logits?.dtype == .bfloat16)
        #expect(relativeError(try #require(low.logits), try #require(high.logits)) < 0.05)
    }
}

@Suite struct BaselineTests {
    private let batch = Batch(
        images: smallImages, targets: Tensor([4, 3, 2, 1] as [Int64]),
        indices: Tensor.arange(0..<4))
    private let start = TrainingProgress(epoch: 0, step: 0, totalSteps: 1)

    @Test("The KD term of equal logits is 0, and a shift of logits does not matter")
    func equalLogits() {
        let logits = Tensor.hashed(1, shape: [3, 6], scale: 4)
        let term = KnowledgeDistillation(.init(temperature: 4))
        #expect(abs(term.loss(student: logits, teacher: logits).item()) < 1e-14)
        #expect(abs(term.loss(student: logits + 2.5, teacher: logits).item()) < 1e-14)
    }

    /// With two classes and T = 1: teacher (¾, ¼) from logits (ln 3, 0), student (½, ½).
    @Test("The KD term is T² times the divergence from the student to the teacher")
    func closedForm() {
        let teacher = Tensor([1.0986122886681098, 0], shape: [1, 2])
        let student = Tensor([0.0, 0], shape: [1, 2])
        let divergence = 0.75 * 0.4054651081081644 - 0.25 * 0.6931471805599453
        for temperature in [1.0, 3.0] {
            let term = KnowledgeDistillation(.init(temperature: temperature)).loss(
                student: student, teacher: teacher * temperature)
            expectClose(term, [divergence * temperature * temperature], relative: 1e-10)
        }
    }

    @Test("Plain KD weighs labels and teacher, and trains the student alone")
    func knowledgeDistillation() {
        let distiller = TaughtStudent(
            student: smallNetwork(), teacher: Teacher(smallNetwork(.resnet14, base: 5000)),
            terms: [KnowledgeDistillation(.init(temperature: 4, weight: 0.9))],
            crossEntropyWeight: 0.1,
            precision: .float32)
        let losses = distiller.losses(batch)
        #expect(losses.terms.map(\.name) == ["cross_entropy", "kd"])
        let weights = distiller.termWeights(at: start)
        #expect(weights == [0.1, 0.9])
        losses.total(weights: weights).backward()
        #expect(distiller.trainableParameters.allSatisfy { $0.tensor.grad != nil })
        #expect(distiller.stateDict().allSatisfy { $0.name.hasPrefix("student.") })
    }

    @Test("The student alone has the cross entropy of its labels", arguments: Precision.allCases)
    func studentAlone(_ precision: Precision) {
        let distiller = TaughtStudent(student: smallNetwork(), precision: precision)
        let losses = distiller.losses(batch)
        #expect(losses.terms.map(\.name) == ["cross_entropy"])
        let total = losses.total(weights: distiller.termWeights(at: start))
        let logits = distiller.observe(batch) { lesson, _ in
            lesson.features.scores.detach().to(.float64).elements(as: Double.self)
        }
        let expected = [4, 3, 2, 1].enumerated().map { row, label in
            let values = logits[(5 * row)..<(5 * row + 5)]
            let sum = values.reduce(0) { $0 + exp($1) }
            return log(sum) - logits[5 * row + label]
        }
        expectClose(total, [expected.reduce(0, +) / 4], relative: 1e-5)
        total.backward()
        #expect(distiller.trainableParameters.allSatisfy { $0.tensor.grad != nil })
    }
}
