import BasicsTestSupport
import Distillation
import Testing
import Torch
import TorchDistributed
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import Training

@Suite("Training by several processes, in float64")
struct SharedTrainingTests {
    /// A small pair on made images in batches of 8.
    private struct Setup {
        let recipe: Recipe
        let distiller: any Distiller<Tensor>
        let optimizer: SGD
        let loader: TrainingLoader

        init(images count: Int, _ pair: ModelPair = ModelPair(.resnet14, .resnet8)) throws {
            recipe = try Recipe.load(
                nameOrPath: "demo/student",
                overrides: [
                    "teacher.model=\(pair.teacher)", "student.model=\(pair.student)",
                    "teacher.batch_norm=batch",
                ])
            let images = ImageSet(
                pixels: (0..<(count * 3 * 16 * 16)).map {
                    UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0)
                },
                labels: (0..<count).map { UInt8($0 % 6) }, height: 16, width: 16, classCount: 6)
            loader = TrainingLoader(
                images, normalization: .cifar100,
                augmentation: Augmentation(cropPadding: 2, flips: true), batchSize: 8, seed: 5)
            let teacher = pair.teacher.make(classCount: 6, generator: Generator(seed: 2))
            distiller = try recipe.makeDistiller(
                student: recipe.makeStudent(classCount: 6, device: .cpu), teacherNetwork: teacher,
                precision: .float32)
            for module in distiller.modules { module.convert(dtype: .float64) }
            optimizer = SGD(distiller.trainableParameters)
        }

        func step(
            _ source: any BatchSource<Tensor>, _ processes: any ProcessGroup = SingleProcess(),
            _ statistics: SharedStatistics? = nil
        ) throws -> TrainingStep<Tensor> {
            if let statistics { distiller.modules.forEach { $0.share(statistics) } }
            return try TrainingStep(
                source: source, distiller: distiller, optimizer: optimizer, processes: processes,
                statistics: statistics, device: .cpu, usesGraph: false)
        }

        func begin(_ step: TrainingStep<Tensor>) throws {
            try step.begin(
                epoch: 0, at: 0,
                schedule: (0..<step.epoch.batchCount).map {
                    (0.05, TrainingProgress(epoch: 0, step: $0 + 8, totalSteps: 16))
                })
        }
    }

    /// What training leaves: losses and everything that learns or normalises, by names.
    private struct Outcome: Sendable {
        var numbers: [String: [Double]] = [:]

        mutating func note(_ step: TrainingStep<Tensor>, _ setup: Setup, at place: Int) {
            for (name, mean) in step.metrics.means { numbers["\(place) \(name)"] = [mean] }
            // Of a first step, the velocities are the gradients with the decay.
            for entry in setup.optimizer.stateDict() {
                numbers["\(place) velocity \(entry.name)"] = entry.tensor.elements(as: Double.self)
            }
            for entry in setup.distiller.stateDict() {
                numbers["\(place) \(entry.name)"] =
                    entry.tensor.detach().to(.float64).elements(as: Double.self)
            }
        }
    }

    private static func train(
        _ pair: ModelPair, images: Int, _ processes: any ProcessGroup, synchronized: Bool
    ) throws -> Outcome {
        let setup = try Setup(images: images, pair)
        let step = try setup.step(
            DoubleBatches(ResidentBatches(setup.loader, share: Share(of: processes))), processes,
            synchronized ? SharedStatistics(over: processes) : nil)
        try setup.begin(step)
        var outcome = Outcome()
        for place in 0..<3 {
            try collectingOperatorErrors { try step.run() }
            outcome.note(step, setup, at: place)
        }
        return outcome
    }

    @Test(
        "with synchronised batch norms is training by one, whatever the last batch has",
        arguments: [ModelPair(.resnet14, .resnet8), ModelPair(.resnet8x4, .wideResNet16x1)],
        [(2, 20), (4, 20), (3, 17)])
    func equality(_ pair: ModelPair, _ shares: (size: Int, images: Int)) throws {
        let one = try Self.train(
            pair, images: shares.images, SingleProcess(), synchronized: false)
        let several = try together(shares.size) {
            try Self.train(pair, images: shares.images, $0, synchronized: true)
        }.map { try $0.get() }
        for found in several {
            #expect(Set(found.numbers.keys) == Set(one.numbers.keys))
            for (name, expected) in one.numbers {
                let own = found.numbers[name] ?? []
                let scale = max(1, expected.map(abs).max() ?? 1)
                let error = zip(own, expected).map { abs($0 - $1) }.max() ?? 0
                #expect(own.count == expected.count && error / scale < 1e-12, "\(name): \(error)")
            }
        }
    }

    @Test("with batch norms of their own adds the gradients by the numbers of images")
    func localStatistics() throws {
        // Three images of a batch of 5 are the first process's.
        let counts = [3, 2]
        var expected: [String: [Double]] = [:]
        for (rank, count) in counts.enumerated() {
            let setup = try Setup(images: 5)
            let share = Share(rank: rank, size: 2)
            let step = try setup.step(
                DoubleBatches(
                    ResidentBatches(setup.loader, share: share),
                    epoch: EpochShape(imageCount: count, batchSize: count, isFixed: true)))
            try setup.begin(step)
            try collectingOperatorErrors { try step.run() }
            for entry in setup.optimizer.stateDict() {
                let part = entry.tensor.elements(as: Double.self).map { $0 * Double(count) / 5 }
                expected[entry.name] = expected[entry.name].map { zip($0, part).map(+) } ?? part
            }
        }
        let found = try together(2) { group in
            let setup = try Setup(images: 5)
            let step = try setup.step(
                DoubleBatches(ResidentBatches(setup.loader, share: Share(of: group))), group)
            try setup.begin(step)
            try collectingOperatorErrors { try step.run() }
            return setup.optimizer.stateDict().map {
                ($0.name, $0.tensor.elements(as: Double.self))
            }
        }.map { try $0.get() }
        for velocities in found {
            for (name, own) in velocities {
                let error = zip(own, try #require(expected[name])).map { abs($0 - $1) }.max()
                #expect(error ?? 1 < 1e-12, "\(name)")
            }
        }
    }

    @Test(
        "with batch norms of their own is what two Gloo processes of PyTorch do, an uneven last batch included",
        .enabled(if: PythonEnvironment.isThere(for: "two processes of PyTorch")))
    func pyTorch() throws {
        let pair = ModelPair(.resnet14, .resnet8)
        let setup = try Setup(images: 21, pair)
        let teacher = pair.teacher.make(classCount: 6, generator: Generator(seed: 2))
        var numbers =
            teacher.stateDict().map { $0.prefixed("teacher") }
            + setup.distiller.stateDict().filter { !$0.name.hasPrefix("teacher.") }
        let source = DoubleBatches(ResidentBatches(setup.loader))
        source.begin(epoch: 0, at: 0)
        for step in 0..<3 {
            let batch = source.batch(of: source.advance())
            numbers += [
                NamedTensor("images.\(step)", batch.images),
                NamedTensor("targets.\(step)", batch.targets),
            ]
        }
        let theirs = try PyTorchRanks.train(numbers, pair)
        let ranks = try together(2) {
            try Self.train(pair, images: 21, $0, synchronized: false)
        }.map { try $0.get() }
        let ours = try #require(ranks.first)
        // Of the losses ours are means over the images of the epoch so far.
        let sizes = [8.0, 8, 5]
        for place in 0..<3 {
            let images = sizes[...place].reduce(0, +)
            for (index, name) in ["cross_entropy", "review", "total"].enumerated() {
                let sum = (0...place).reduce(0) { sum, step in
                    sum + sizes[step] * (theirs["\(step) losses"]?[index] ?? .nan)
                }
                let own = try #require(ours.numbers["\(place) \(name)"]?.first)
                #expect(abs(own - sum / images) < 1e-12, "\(place) \(name)")
            }
        }
        // The teacher's weights, which nothing changes, are not in a run's state.
        let states = theirs.keys.filter { ours.numbers[$0] != nil }
        #expect(Set(states) == Set(ours.numbers.keys.filter { !Self.isMean($0) }))
        for name in states.sorted() {
            let (own, expected) = (ours.numbers[name] ?? [], theirs[name] ?? [])
            let scale = max(1, expected.map(abs).max() ?? 1)
            let error = zip(own, expected).map { abs($0 - $1) }.max() ?? 1
            #expect(own.count == expected.count && error / scale < 1e-12, "\(name): \(error)")
        }
    }

    /// Whether a number of an outcome is a mean over images.
    private static func isMean(_ name: String) -> Bool {
        ["cross_entropy", "review", "total", "top1"].contains { name.hasSuffix(" " + $0) }
    }

    @Test("needs an image of a batch for each process")
    func smallBatch() throws {
        let found = try together(2) { group in
            let setup = try Setup(images: 4)
            var recipe = setup.recipe
            recipe.batchSize = 1
            try recipe.requireShares(of: group, setup.distiller)
        }
        let error = #expect(throws: TrainingError.self) { try found[1].get() }
        #expect(
            error?.description.hasPrefix(
                "batch_size is 1, for 2 processes. Expected at least one image for each.") == true)
    }

    @Test("notices in every process that one of them has no finite loss", arguments: [0, 1])
    func notFinite(_ rank: Int) throws {
        let found = try together(2) { group in
            let setup = try Setup(images: 16)
            let step = try setup.step(
                DoubleBatches(
                    ResidentBatches(setup.loader, share: Share(of: group)),
                    isBroken: group.rank == rank), group)
            try setup.begin(step)
            try collectingOperatorErrors { try step.run() }
            let total = try #require(step.readLosses().first?.last)
            return (
                total.name, total.value.isNaN,
                setup.optimizer.stateDict().allSatisfy { $0.tensor.isFinite().all().item() == 1 }
            )
        }.map { try $0.get() }
        for (name, isNaN, isSound) in found {
            #expect(name == "total" && isNaN)
            // The update was skipped.
            #expect(isSound)
        }
    }
}

/// The same batches in float64.
private final class DoubleBatches: BatchSource {
    private let source: ResidentBatches
    private let isBroken: Bool
    let epoch: EpochShape

    init(_ source: ResidentBatches, epoch: EpochShape? = nil, isBroken: Bool = false) {
        self.source = source
        self.isBroken = isBroken
        self.epoch = epoch ?? source.epoch
    }

    func begin(epoch: Int, at batch: Int) { source.begin(epoch: epoch, at: batch) }

    func advance() -> Int { source.advance() }

    func batch(of count: Int) -> Batch<Tensor> {
        let batch = source.batch(of: count)
        return Batch(
            images: batch.images.to(.float64) * (isBroken ? .nan : 1), targets: batch.targets,
            indices: batch.indices)
    }
}
