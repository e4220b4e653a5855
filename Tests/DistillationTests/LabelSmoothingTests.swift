import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Distillation

@Suite("Label smoothing")
struct LabelSmoothingTests {
    private let batch = Batch(
        images: smallImages, targets: Tensor([0, 1, 2, 3] as [Int64]),
        indices: Tensor.arange(0..<4))

    /// Szegedy et al., 2016, section 7: (1 − ε) H(label) + ε H(uniform).
    @Test("mixes the label with all classes evenly, in training and nowhere else")
    func formula() throws {
        let network = smallNetwork()
        let probabilities = withoutGrad {
            network(smallImages).to(.float64).logSoftmax(1).elements(as: Double.self)
        }
        let rows = (0..<4).map { Array(probabilities[(5 * $0)..<(5 * $0 + 5)]) }
        func mean(_ loss: (Int, [Double]) -> Double) -> Double {
            rows.enumerated().reduce(0) { $0 + loss($1.offset, $1.element) / 4 }
        }
        let labels = mean { -$1[$0] }
        let uniform = mean { -$1.reduce(0, +) / 5 }
        let smooth = TaughtStudent(
            student: smallNetwork(), labelSmoothing: 0.1, precision: .float32)
        let losses = smooth.losses(batch)
        #expect(losses.terms.map(\.name) == ["cross_entropy"])
        #expect(abs(losses.terms[0].value.item() - (0.9 * labels + 0.1 * uniform)) < 1e-5)
        let plain = TaughtStudent(student: smallNetwork(), precision: .float32)
        #expect(abs(plain.losses(batch).terms[0].value.item() - labels) < 1e-5)
        let evaluators = [0, 0.1].map {
            Classification(smallNetwork(), labelSmoothing: $0).evaluator(dtype: .float32)
        }
        for evaluator in evaluators { evaluator.add(batch) }
        let scores = try evaluators.map { try $0.scores }
        #expect(scores[0] == scores[1])
    }
}
