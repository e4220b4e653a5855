import Basics
import Distillation
import Foundation
import Recipes
import Torch
import TorchNN
import Training
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

    /// The sum of a distilling step's gradients over processes, and nothing else.
    case reduce
}

/// Times of steps on synthetic images that are already on the device, with random weights.
public struct StepTimes: Sendable {
    /// The median of the timed steps, in milliseconds.
    public let millisecondsPerStep: Double

    /// The fastest of them, which other work on the machine disturbed least.
    public let fastestMilliseconds: Double

    /// The bytes that each process gives to a sum over processes; nil for one process.
    public let reducedBytes: Int?

    /// The largest memory, of all processes or of the tensors on the card, in bytes.
    public let peakMemoryBytes: Int

    /// The mean milliseconds of each part of a timed step, where a profile was asked for; the last
    /// one is what lies between the parts.
    public let parts: [(name: String, milliseconds: Double)]
}

/// What a step is measured on: images of the recipe's size, else of the student's, in as many classes as the data set has.
package struct BenchmarkImages {
    /// Height and width in pixels.
    let size: Int

    /// The number of classes.
    package let classCount: Int

    /// The training images for methods with a memory.
    package let facts: ImageFacts

    /// Takes what is known of the recipe's data set; where only its files tell, 50,000 images in the classes
    /// of the student's published weights.
    ///
    /// - Parameters:
    ///   - recipe: whose student sees them.
    ///   - photographs: real ones in their place, whose classes are then known too.
    /// - Throws: `ModelError` where the student is unknown.
    package init(of recipe: Recipe, photographs: PhotographSource? = nil) throws {
        let student = try Architecture(named: recipe.student.model)
        let dataset = recipe.dataset
        size = dataset.images.hasPhotographs ? dataset.photographs.imageSize : student.imageSize
        let known =
            recipe.dataset.images.facts
            ?? Dataset.Facts(
                trainingImages: 50_000, testImages: 10_000, classCount: student.classCount)
        let classCount = max(known.classCount, photographs?.classCount ?? 0)
        self.classCount = classCount
        facts = ImageFacts(
            size: size,
            labels: photographs?.classes()
                ?? (0..<known.trainingImages).map { $0 % known.classCount },
            classCount: classCount)
    }
}

extension Recipe {
    /// Times this recipe's step.
    ///
    /// - Parameters:
    ///   - work: what a step does.
    ///   - precision: of the forward passes.
    ///   - device: where it runs.
    ///   - usesGraph: whether a card runs a training step as one graph; not where it is profiled.
    ///   - steps: how many are timed, after a few that are not.
    ///   - profiles: whether the parts of a step are timed; each step then cuts and augments a batch
    ///     of its own, as in training.
    ///   - photographs: at least a batch of them, which training steps read in the place of synthetic images.
    ///   - processes: those that share each batch, and all call this.
    ///   - remark: called with what a user should know about the method's choices.
    /// - Returns: the median and the memory.
    /// - Throws: where networks cannot be made or matched, or memory does not suffice.
    public func benchmark(
        _ work: BenchmarkWork, precision: Precision, device: Device, usesGraph: Bool = true,
        steps: Int, profiles: Bool = false, photographs: PhotographSource? = nil,
        processes: any ProcessGroup = SingleProcess(),
        remark: (String) -> Void = { _ in }
    ) throws -> StepTimes {
        let images = try isDetection ? nil : BenchmarkImages(of: self, photographs: photographs)
        if let images { try requireMemory(for: images, on: device) }
        var times: [Double] = []
        var reducedBytes: Int?
        let profile = TimeProfile()
        do {
            try collectingOperatorErrors {
                let step =
                    if let images {
                        try makeStep(
                            work, on: images, photographs, precision: precision, device: device,
                            usesGraph: usesGraph && !profiles && device != .cpu
                                && processes.size == 1,
                            preparesData: profiles, processes, &reducedBytes, remark)
                    } else {
                        try makeDetectorStep(
                            work, precision: precision, device: device, processes, &reducedBytes,
                            remark)
                    }
                let untimed = device == .cpu ? 3 : GraphedWork.runsBefore + 2
                for index in 0..<(untimed + steps) {
                    // A sum is timed from the moment at which the last process has come to it.
                    if work == .reduce { _ = try processes.greatest(of: index) }
                    let start = ContinuousClock.now
                    if profiles, index >= untimed {
                        try profile.record { try timed("rest", step) }
                    } else {
                        try step()
                    }
                    if index >= untimed {
                        times.append((ContinuousClock.now - start).seconds * 1000)
                    }
                }
            }
        } catch let error as OperatorError where error.kind == .outOfMemory {
            throw TrainingError.outOfMemory(
                batchSize: batchSize, reason: error.reason, fitting: nil,
                lastGoodStep: nil)
        }
        return StepTimes(
            millisecondsPerStep: try processes.greatest(of: times.median),
            fastestMilliseconds: try processes.greatest(of: times.min() ?? .nan),
            reducedBytes: reducedBytes,
            peakMemoryBytes: try processes.sum(of: peakMemory(on: device)),
            parts: profile.parts.map { ($0.name, $0.seconds * 1000 / Double(steps)) })
    }

    /// A step that ends with its loss on the host, so that all its work is done.
    private func makeStep(
        _ work: BenchmarkWork, on images: BenchmarkImages, _ photographs: PhotographSource?,
        precision: Precision, device: Device,
        usesGraph: Bool, preparesData: Bool, _ processes: any ProcessGroup,
        _ reducedBytes: inout Int?, _ remark: (String) -> Void
    ) throws -> () throws -> Void {
        try requireImages(for: processes)
        let count = Share(of: processes).count(of: batchSize)
        let batches =
            try photographs.map { try BenchmarkBatches($0, of: self, over: processes) }
            ?? BenchmarkBatches(
                images, count, of: self, device: device, augmented: preparesData,
                views: work == .evaluate || dataset.augmentation.secondView == nil ? 1 : 2)
        if work == .evaluate {
            let student = try makeStudent(classCount: images.classCount, device: device)
            student.eval()
            let folded = student.folded(dtype: precision.dtype)
            return {
                let batch = batches.batch()
                withoutGrad {
                    let logits = timed("student forward") { folded.scores(of: batch.images) }
                    _ = logits.to(.float32).crossEntropy(batch.targets).item()
                }
            }
        }
        let distiller = try (work == .train ? studentAlone : self).makeUntrainedDistiller(
            classCount: images.classCount, precision: precision, device: device,
            images: images.facts,
            remark: remark)
        try requireShares(of: processes, distiller)
        // Without a teacher there are no two momenta.
        let options = work == .train ? studentAlone.optimizer.options : self.optimizer.options
        let training = BenchmarkedTraining(
            distiller, options, batchSize: batchSize, device: device, over: processes)
        try batches.advance()
        reducedBytes = training.reducedBytes(batches.batch())
        return work == .reduce
            ? training.sum()
            : try training.step(
                learningRate: 1e-3, asGraphOn: usesGraph ? device : nil,
                advance: batches.advance, nextBatch: batches.batch)
    }

    /// Refuses a batch whose images alone are more than the machine's memory, which would take minutes to
    /// fill before it failed.
    private func requireMemory(
        for images: BenchmarkImages, on device: Device
    ) throws(TrainingError) {
        let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let bytes = batchSize * 3 * images.size * images.size * MemoryLayout<Float>.size
        guard device == .cpu, bytes > memory else { return }
        throw .outOfMemory(
            batchSize: batchSize,
            reason: "its images alone take \(bytes >> 30) GiB of \(memory >> 30)", fitting: nil,
            lastGoodStep: nil)
    }
}
