import Basics
import Distillation
import Machine
import Recipes
import StepTiming
import Torch
import TorchNN
import Training

/// What a kind of run costs on this machine.
struct RunCost {
    let weightBytes: Int
    let checkpointBytes: Int
    private let secondsPerTrainingImage: Double
    private let secondsPerImage: Double

    /// Measures a few steps.
    ///
    /// - Parameters:
    ///   - recipe: of the run.
    ///   - judging: the recipe as evaluation sees images; the same where it is left out.
    ///   - precision: of the forward passes.
    ///   - device: where the run would be.
    ///   - usesGraph: whether a card runs a step as one graph.
    ///   - adaptsThreads: whether the run takes fewer threads where other programs use the processors.
    /// - Throws: where networks cannot be made or matched, or memory does not suffice.
    init(
        _ recipe: Recipe, judging: Recipe? = nil, precision: Precision, device: Device,
        usesGraph: Bool, adaptsThreads: Bool
    ) throws {
        func measured(_ work: BenchmarkWork, _ recipe: Recipe) throws -> Double {
            try recipe.benchmark(
                work, precision: precision, device: device,
                usesGraph: usesGraph, steps: 3
            ).millisecondsPerStep / 1000 / Double(recipe.batchSize)
        }
        func secondsPerImage(_ work: BenchmarkWork, _ recipe: Recipe) throws -> Double {
            let before = WaitingWatch.Times.ofThisProcess()
            let all = try measured(work, recipe)
            let threads = Runtime.threads
            guard adaptsThreads, device == .cpu, threads > 1, let before,
                let share = WaitingWatch.Times.ofThisProcess()?.share(since: before),
                share >= ThreadGovernor.waitingShare
            else { return all }
            Runtime.setThreads(1)
            defer { Runtime.setThreads(threads) }
            return min(all, try measured(work, recipe))
        }
        secondsPerTrainingImage =
            try secondsPerImage(recipe.teacher == nil ? .train : .distill, recipe)
        self.secondsPerImage = try secondsPerImage(.evaluate, judging ?? recipe)
        (weightBytes, checkpointBytes) =
            try recipe.isDetection
            ? Self.bytes(
                of: recipe.makeUntrainedDistiller(precision: precision, device: device))
            : Self.bytes(of: recipe.makeClassifier(precision: precision, device: device))
    }

    private static func bytes(of distiller: any Distiller) -> (weights: Int, checkpoint: Int) {
        (
            distiller.student.stateDict().byteCount,
            distiller.stateDict().byteCount + distiller.trainableParameters.byteCount
        )
    }

    func seconds(trained: Int, evaluated: Int) -> Double {
        Double(trained) * secondsPerTrainingImage + Double(evaluated) * secondsPerImage
    }
}

extension Recipe {
    fileprivate func makeClassifier(
        precision: Precision, device: Device
    ) throws -> any Distiller<Tensor> {
        let images = try BenchmarkImages(of: self)
        return try makeUntrainedDistiller(
            classCount: images.classCount, precision: precision, device: device,
            images: images.facts)
    }
}

extension [NamedTensor] {
    fileprivate var byteCount: Int {
        reduce(0) { $0 + $1.tensor.byteCount }
    }
}
