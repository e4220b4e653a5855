import Torch
import TorchNN
import VisionModels

/// FitNet: one stage of the student is regressed on the teacher's stage of the same number.
///
/// Reference: Romero et al., *FitNets: Hints for Thin Deep Nets*, ICLR 2015,
/// <https://arxiv.org/abs/1412.6550>, section 2.2; the choice of the stage, and the regressor for each
/// relation of sizes, are those of the public toolkits.
public final class FitNet: DistillationMethod {
    /// `fitnet`.
    public static let name = "fitnet"

    /// In one sentence.
    public static let summary = "One stage of the student, regressed on the teacher's."

    private let settings: Settings

    /// The numbers that the formula leaves open.
    public struct Settings: Sendable, Equatable {
        /// The stage of both networks, counted from 1 without the stem.
        public var stage: Int

        /// The factor of the term in the loss.
        public var weight: Double

        /// The constants, as published where nothing else is given.
        public init(stage: Int = 2, weight: Double = 100) {
            self.stage = stage
            self.weight = weight
        }
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .whole(
            "stage", \.stage, 1...largestConstant,
            "The stage of both networks, counted from 1 without the stem."),
        .weight(\.weight),
    ]

    /// The defaults of mdistiller and RepDistiller, with which the published rows were made.
    public static func published(for use: MethodUse) -> Settings {
        Settings()
    }

    private let index: Int
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
    ///   - settings: the constants.
    ///   - student: the student.
    ///   - teacher: the teacher.
    ///   - imageSize: the height of the images.
    ///   - generator: the source of the initial weights.
    /// - Throws: `DistillationError` where there is no such stage, or no regressor between the sizes.
    public init(
        _ settings: Settings = Settings(), student: any Backbone, teacher: any Backbone,
        imageSize: Int, generator: Generator
    ) throws(DistillationError) {
        let stage = settings.stage
        let counts = (student.stageInfo.count, teacher.stageInfo.count)
        guard stage >= 1, stage <= counts.0 else {
            throw .noStage(method: Self.name, network: "student", stage: stage, count: counts.0)
        }
        guard stage <= counts.1 else {
            throw .noStage(method: Self.name, network: "teacher", stage: stage, count: counts.1)
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
        self.settings = settings
        regressor.convert(device: student.device, format: .channelsLast)
    }

    /// Makes the term at a place.
    public convenience init(
        _ settings: Settings, in place: MethodPlace
    ) throws(DistillationError) {
        try self.init(
            settings, student: place.student, teacher: place.teacher, imageSize: place.images.size,
            generator: place.generator)
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

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
