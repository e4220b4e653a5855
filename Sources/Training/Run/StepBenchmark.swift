import Distillation
import Foundation
import Torch
import TorchNN
import VisionData
import VisionModels

/// What a benchmark measures.
public enum BenchmarkWork: String, CaseIterable, Sendable {
    /// Whole steps with the teacher: forward, backward, update.
    case distill

    /// Whole steps of the student alone.
    case train

    /// The student's forward pass for inference.
    case evaluate
}

/// Times of steps on synthetic images that are already on the device, with random weights.
public struct StepTimes: Sendable {
    /// The median of the timed steps, in milliseconds.
    public let millisecondsPerStep: Double

    /// The largest resident memory of the process, in bytes.
    public let peakMemoryBytes: Int
}

extension Recipe {
    /// Times this recipe's step.
    ///
    /// - Parameters:
    ///   - work: what a step does.
    ///   - precision: of the forward passes.
    ///   - device: where it runs.
    ///   - steps: how many are timed, after three that are not.
    /// - Returns: the median and the memory.
    /// - Throws: where networks cannot be made or matched, or memory does not suffice.
    public func benchmark(
        _ work: BenchmarkWork, precision: Precision, device: Device, steps: Int
    ) throws -> StepTimes {
        let random = generator(12)
        let images = Tensor.empty([batchSize, 3, 32, 32]).fillNormal(generator: random)
            .to(device).contiguous(.channelsLast)
        let classCount = 100
        let labels = Tensor((0..<batchSize).map { Int64($0 % classCount) }).to(device)
        let student = try makeStudent(classCount: classCount, device: device)
        let step = try makeStep(
            work, student: student, precision: precision,
            batch: Batch(images: images, targets: labels, indices: labels))
        var times: [Double] = []
        for index in 0..<(3 + steps) {
            let start = ContinuousClock.now
            try collectingOperatorErrors { step(index) }
            if index >= 3 { times.append((ContinuousClock.now - start).seconds * 1000) }
        }
        times.sort()
        let middle = times.count / 2
        let median =
            times.count % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2
        return StepTimes(millisecondsPerStep: median, peakMemoryBytes: peakResidentMemory())
    }

    /// A step that ends with its loss on the host, so that all its work is done.
    private func makeStep(
        _ work: BenchmarkWork, student: any Backbone, precision: Precision, batch: Batch<Tensor>
    ) throws -> (Int) -> Void {
        if work == .evaluate {
            student.eval()
            let folded = student.folded(dtype: precision == .bfloat16 ? .bfloat16 : .float32)
            return { _ in
                withoutGrad {
                    let logits = folded.features(batch.images).logits
                    _ = logits?.to(.float32).crossEntropy(batch.targets).item()
                }
            }
        }
        let distiller: any Distiller<Tensor>
        if work == .distill, let teacher {
            let network = try CIFARModel(named: teacher.model)
                .make(classCount: 100, generator: generator(13))
            network.convert(device: batch.images.device, format: .channelsLast)
            distiller = try makeDistiller(
                student: student, teacherNetwork: network, precision: precision)
        } else {
            distiller = StudentAlone(student: student, precision: precision)
        }
        let optimizer = SGD(distiller.trainableParameters)
        return { index in
            let progress = TrainingProgress(epoch: 0, step: index, totalSteps: 1_000_000)
            let total = distiller.losses(batch, at: progress).total
            total.backward()
            optimizer.step(learningRate: 1e-3)
            _ = total.item()
        }
    }
}
