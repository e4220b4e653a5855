import Basics
import Distillation
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

    init(_ recipe: Recipe, precision: Precision, device: Device, usesGraph: Bool) throws {
        func measure(_ work: BenchmarkWork) throws -> Double {
            try recipe.benchmark(
                work, precision: precision, device: device,
                usesGraph: usesGraph, steps: 3
            ).millisecondsPerStep / 1000
        }
        secondsPerTrainingImage =
            try measure(recipe.teacher == nil ? .train : .distill) / Double(recipe.batchSize)
        secondsPerImage = try measure(.evaluate) / Double(recipe.batchSize)
        let images = try BenchmarkImages(of: recipe)
        let distiller = try recipe.makeUntrainedDistiller(
            classCount: images.classCount, precision: precision, device: device,
            images: images.facts)
        weightBytes = distiller.student.stateDict().byteCount
        checkpointBytes =
            distiller.stateDict().byteCount + distiller.trainableParameters.byteCount
    }

    func seconds(trained: Int, evaluated: Int) -> Double {
        Double(trained) * secondsPerTrainingImage + Double(evaluated) * secondsPerImage
    }
}

extension [NamedTensor] {
    fileprivate var byteCount: Int {
        reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.elementType.byteCount }
    }
}
