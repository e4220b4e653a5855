import Torch
import TorchNN
import VisionModels

/// FitNet: one stage of the student is regressed on the teacher's stage of the same number.
///
/// Reference: Romero et al., *FitNets: Hints for Thin Deep Nets*, ICLR 2015,
/// <https://arxiv.org/abs/1412.6550>, section 2.2; the choice of the stage, and the regressor for each
/// relation of sizes, are those of the public toolkits.
public final class FitNet: KnowledgeTerm {
    /// `fitnet`.
    public let name = "fitnet"

    private let index: Int
    private let weight: Double
    let regressor: Regressor

    /// A convolution to the teacher's width and size, batch norm and ReLU.
    final class Regressor: Module {
        let conv: any Layer
        let bn: BatchNorm2d

        /// Makes a regressor; nil for a map that is larger but not twice as large.
        ///
        /// - Parameters:
        ///   - inChannels: the student's width.
        ///   - outChannels: the teacher's width.
        ///   - from: the student's height.
        ///   - to: the teacher's height.
        ///   - generator: the source of the initial weights.
        init?(
            _ inChannels: Int, _ outChannels: Int, from: Int, to: Int, generator: Generator
        ) {
            if from == 2 * to {
                conv = Conv2d(
                    inChannels, outChannels, kernelSize: 3, stride: 2, padding: 1,
                    generator: generator)
            } else if 2 * from == to {
                conv = ConvTranspose2d(
                    inChannels, outChannels, kernelSize: 4, stride: 2, padding: 1,
                    generator: generator)
            } else if from >= to {
                conv = Conv2d(
                    inChannels, outChannels, kernelSize: 1 + from - to, generator: generator)
            } else {
                return nil
            }
            bn = BatchNorm2d(outChannels)
        }

        func callAsFunction(_ input: Tensor) -> Tensor { bn(conv(input), relu: true) }
    }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - student: the student.
    ///   - teacher: the teacher.
    ///   - stage: of both networks, counted from 1 without the stem.
    ///   - imageSize: the height of the images.
    ///   - weight: of the term.
    ///   - generator: the source of the initial weights.
    /// - Throws: `DistillationError` where there is no such stage, or no regressor between the sizes.
    public init(
        student: any Backbone, teacher: any Backbone, stage: Int = 2, imageSize: Int,
        weight: Double = 100, generator: Generator
    ) throws(DistillationError) {
        let counts = (student.stageInfo.count, teacher.stageInfo.count)
        guard stage >= 1, stage <= counts.0 else {
            throw .noStage(method: "fitnet", network: "student", stage: stage, count: counts.0)
        }
        guard stage <= counts.1 else {
            throw .noStage(method: "fitnet", network: "teacher", stage: stage, count: counts.1)
        }
        let from = student.stageInfo[stage - 1]
        let to = teacher.stageInfo[stage - 1]
        let heights = (imageSize / from.reduction, imageSize / to.reduction)
        guard
            let regressor = Regressor(
                from.channels, to.channels, from: heights.0, to: heights.1, generator: generator)
        else { throw .noRegressor(student: heights.0, teacher: heights.1) }
        self.regressor = regressor
        index = stage - 1
        self.weight = weight
        regressor.convert(device: student.device, format: .channelsLast)
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { weight }

    /// The regressor's parameters.
    public var trainableParameters: [NamedTensor] {
        regressor.parameters().map { $0.prefixed("fitnet.regressor") }
    }

    /// The regressor's state.
    public func stateDict() -> [NamedTensor] {
        regressor.stateDict().map { $0.prefixed("fitnet.regressor") }
    }

    /// The mean squared error of the regressed stage.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        regressor(observation.student.stages[index]).full
            .meanSquaredError(observation.teacher.stages[index].full)
    }
}
