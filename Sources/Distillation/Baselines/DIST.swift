import Torch
import TorchNN
import VisionModels

/// DIST: the correlation of predictions within an image and of a class within the batch.
///
/// τ² · (β · (1 − mean Pearson correlation of rows) + γ · (the same of columns)) of softened
/// predictions.
///
/// Reference: Huang et al., *Knowledge Distillation from A Stronger Teacher*, NeurIPS 2022,
/// <https://arxiv.org/abs/2205.10536>, equations 7 to 9.
public final class DIST: KnowledgeTerm {
    /// `dist`.
    public let name = "dist"

    private let temperature: Double
    private let beta: Double
    private let gamma: Double
    private let weight: Double

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - temperature: τ, by which logits are divided.
    ///   - beta: of the rows' part.
    ///   - gamma: of the columns' part.
    ///   - weight: of the term.
    public init(temperature: Double = 4, beta: Double = 2, gamma: Double = 2, weight: Double = 1) {
        self.temperature = temperature
        self.beta = beta
        self.gamma = gamma
        self.weight = weight
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { weight }

    /// The term for the two networks' logits.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        inFullPrecision(on: observation.device) {
            loss(student: observation.student.scores, teacher: observation.teacher.scores)
        }
    }

    /// The term for logits `[N, classes]`.
    public func loss(student: Tensor, teacher: Tensor) -> Tensor {
        let own = (student.full / temperature).softmax(1)
        let goal = (teacher.full / temperature).softmax(1)
        let rows = distance(own, goal) * beta
        let columns = distance(own.transposed, goal.transposed) * gamma
        return (rows + columns) * (temperature * temperature)
    }

    /// 1 − the mean correlation of rows.
    private func distance(_ left: Tensor, _ right: Tensor) -> Tensor {
        func centered(_ rows: Tensor) -> Tensor { rows - rows.mean([1], keepDimensions: true) }
        let (a, b) = (centered(left), centered(right))
        let lengths = a.norm([1]) * b.norm([1]) + 1e-8
        return -((a * b).sum([1]) / lengths).mean() + 1
    }
}
