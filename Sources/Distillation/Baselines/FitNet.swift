import Torch
import TorchNN
import VisionModels

/// FitNet: a stage of the student is regressed on the teacher's stage of the same number.
///
/// Of detectors the levels of the pyramids are compared, by default all of them.
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
        /// The stage of both networks, counted from 1 without the stem, or the level of a detector's
        /// pyramid; 0 for all of them.
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
            "stage", \.stage, 0...largestConstant,
            "The stage of both networks, counted from 1 without the stem, or the level of a detector's "
                + "pyramid; 0 for all."),
        .weight(\.weight),
    ]

    /// The defaults of mdistiller and RepDistiller, with which the published rows were made.
    ///
    /// Nothing is published for detectors: all levels with a weight of 1 is the project's own choice.
    public static func published(for use: MethodUse) -> Settings {
        use.isDetection ? Settings(stage: 0, weight: 1) : Settings()
    }

    let hints: [Hint]

    /// A stage with what turns the student's into the teacher's.
    struct Hint {
        let stage: Int
        let regressor: any Layer

        /// The regressor's name in the state.
        let name: String
    }

    /// A convolution to the teacher's width and size, batch norm and ReLU.
    final class Regressor: Layer {
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
        let (own, goals) = (student.stageInfo, teacher.stageInfo)
        self.settings = settings
        hints = try Self.hints(settings, student: own.count, teacher: goals.count) {
            index throws(DistillationError) in
            let heights = (imageSize / own[index].reduction, imageSize / goals[index].reduction)
            guard
                let regressor = Regressor(
                    own[index].channels, goals[index].channels, from: heights.0, to: heights.1,
                    generator: generator)
            else { throw .noRegressor(student: heights.0, teacher: heights.1) }
            return regressor
        }
        convert(to: student.device)
    }

    /// Makes the term at a place.
    public convenience init(
        _ settings: Settings, in place: MethodPlace
    ) throws(DistillationError) {
        try self.init(
            settings, student: place.student, teacher: place.teacher, imageSize: place.images.size,
            generator: place.generator)
    }

    /// Makes the term between detectors, whose levels have no activation: a regressor is a 1×1 convolution.
    public init(_ settings: Settings, in place: PyramidPlace) throws(DistillationError) {
        let (own, goals) = (place.student.levels, place.teacher.levels)
        self.settings = settings
        hints = try Self.hints(settings, student: own.count, teacher: goals.count) { index in
            Conv2d(
                own[index].channels, goals[index].channels, kernelSize: 1,
                generator: place.generator)
        }
        convert(to: place.student.device)
    }

    /// The stages that are compared, each with its regressor.
    private static func hints(
        _ settings: Settings, student: Int, teacher: Int,
        regressor: (_ index: Int) throws(DistillationError) -> any Layer
    ) throws(DistillationError) -> [Hint] {
        let stage = settings.stage
        guard stage != 0 else {
            var hints: [Hint] = []
            for index in 0..<min(student, teacher) {
                hints.append(
                    Hint(
                        stage: index, regressor: try regressor(index),
                        name: "fitnet.regressor.\(index)"))
            }
            return hints
        }
        guard stage >= 1, stage <= student else {
            throw .noStage(method: name, network: "student", stage: stage, count: student)
        }
        guard stage <= teacher else {
            throw .noStage(method: name, network: "teacher", stage: stage, count: teacher)
        }
        return [
            Hint(
                stage: stage - 1, regressor: try regressor(stage - 1), name: "fitnet.regressor")
        ]
    }

    private func convert(to device: Device) {
        for hint in hints { hint.regressor.convert(device: device, format: .channelsLast) }
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

    /// The regressors.
    public var modules: [any Module] { hints.map(\.regressor) }

    /// The regressors' parameters.
    public var trainableParameters: [NamedTensor] {
        hints.flatMap { hint in hint.regressor.parameters().map { $0.prefixed(hint.name) } }
    }

    /// The regressors' state.
    public func stateDict() -> [NamedTensor] {
        hints.flatMap { hint in hint.regressor.stateDict().map { $0.prefixed(hint.name) } }
    }

    /// The mean squared error of the regressed stage, or the sum of those of all stages.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        let errors = hints.map { hint in
            hint.regressor(observation.student.stages[hint.stage]).full
                .meanSquaredError(observation.teacher.stages[hint.stage].full)
        }
        return errors.dropFirst().reduce(errors[0], +)
    }
}

extension FitNet: DetectionMethod {
    /// No.
    public static let comparesRegions = false
}
