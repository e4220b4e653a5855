import Torch
import TorchNN
import VisionModels

/// Variational information distillation (VID): the teacher's features as Gaussians around what the
/// student's tell of them.
///
/// For each stage a regressor gives the mean, and a learned variance per channel says how well it can
/// be told; the mean of ½ ((μ − t)² / σ² + log σ²), summed over stages. The larger of the two maps is
/// averaged down first.
///
/// Reference: Ahn et al., *Variational Information Distillation for Knowledge Transfer*, CVPR 2019,
/// <https://arxiv.org/abs/1904.05835>, equation 5.
public final class VariationalInformationDistillation: WeightedMethod {
    /// `vid`.
    public static let name = "vid"

    /// In one sentence.
    public static let summary = "Variational information distillation: features as Gaussians."

    /// The constants that the term was made with.
    public let settings: WeightAlone

    /// The default of mdistiller and RepDistiller, with which the published rows were made.
    public static let publishedWeight: Double = 1

    /// Yes.
    public static let comparesEveryStage = true

    let stages: Stages

    /// The learned side of all stages.
    final class Stages: Module {
        let stages: [Gaussian]

        init(_ stages: [Gaussian]) { self.stages = stages }

        func callAsFunction(_ pairs: [(student: Tensor, teacher: Tensor)]) -> Tensor {
            let losses = zip(stages, pairs).map { $0($1) }
            return losses.dropFirst().reduce(losses[0], +)
        }
    }

    /// The learned side of one stage.
    final class Gaussian: Module {
        let regressor: [any Layer]

        /// What softplus and ε make the variance of, `[teacher's channels]`.
        @Parameter var rho: Tensor

        private static let epsilon = 1e-5

        init(_ inChannels: Int, _ outChannels: Int, generator: Generator) {
            func pointwise(_ from: Int) -> Conv2d {
                Conv2d(from, outChannels, kernelSize: 1, bias: false, generator: generator)
            }
            regressor = [
                pointwise(inChannels), ReLU(), pointwise(outChannels), ReLU(),
                pointwise(outChannels),
            ]
            // The variance begins as 5: softplus(x) = y where x = log(eʸ − 1).
            rho = (Tensor.full([outChannels], 5 - Self.epsilon).exp() + -1).log()
        }

        func callAsFunction(_ pair: (student: Tensor, teacher: Tensor)) -> Tensor {
            let (student, teacher) = samePixels(pair.student, pair.teacher.full)
            let mean = regressor.reduce(student) { $1($0) }.full
            let variance = (rho.softplus() + Self.epsilon).reshape([1, -1, 1, 1])
            let error = mean - teacher
            return (error * error / variance + variance.log()).mean() / 2
        }
    }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - settings: the constants.
    ///   - student: the student.
    ///   - teacher: the teacher.
    ///   - generator: the source of the initial weights.
    public init(
        _ settings: WeightAlone = VariationalInformationDistillation.published,
        student: any Backbone, teacher: any Backbone,
        generator: Generator
    ) {
        self.settings = settings
        let count = min(student.stageInfo.count, teacher.stageInfo.count)
        stages = Stages(
            zip(student.stageInfo.suffix(count), teacher.stageInfo.suffix(count)).map {
                Gaussian($0.channels, $1.channels, generator: generator)
            })
        stages.convert(device: student.device, format: .channelsLast)
    }

    /// Makes the term at a place.
    public convenience init(_ settings: WeightAlone, in place: MethodPlace) {
        self.init(
            settings, student: place.student, teacher: place.teacher, generator: place.generator)
    }

    /// The regressors and variances.
    public var modules: [any Module] { [stages] }

    /// The regressors' and variances' parameters.
    public var trainableParameters: [NamedTensor] {
        stages.parameters().map { $0.prefixed("vid") }
    }

    /// The regressors' and variances' state.
    public func stateDict() -> [NamedTensor] { stages.stateDict().map { $0.prefixed("vid") } }

    /// The sum over stages.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        stages(matchedStages(observation.student.stages, observation.teacher.stages))
    }
}
