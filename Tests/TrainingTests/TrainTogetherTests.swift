import Basics
import Distillation
import Testing
import Torch
import TorchNN
import VisionData

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("Several students at once")
struct TrainTogetherTests {
    /// A run of two epochs of three steps.
    static func trainer(
        seed: Int, device: Device = .cpu, maxSteps: Int? = nil, learningRate: Double? = nil
    ) throws -> Trainer {
        var recipe = try TrainingSetup().recipe
        recipe.seed = seed
        recipe.epochs = 2
        recipe.batchSize = 8
        recipe.precision = .float32
        if let learningRate { recipe.optimizer.learningRate = learningRate }
        let images = TrainingSetup.images(device: device)
        let student = try recipe.makeStudent(classCount: 6, device: device)
        let teacher = try recipe.makeStudent(classCount: 6, device: device)
        let distiller = try recipe.makeDistiller(
            student: student, teacherNetwork: teacher, precision: .float32)
        var options = RunOptions()
        options.device = device
        options.maxSteps = maxSteps
        return try Trainer(
            recipe: recipe, data: TrainingData(train: images, test: images), distiller: distiller,
            options: options
        ) { _ in }
    }

    static func results(_ trainer: Trainer) -> [[Double]] {
        trainer.history.map { record in
            record.train.sorted { $0.key < $1.key }.map(\.value) + [record.test?["loss"] ?? .nan]
        }
    }

    private func bytes(_ trainer: Trainer) -> [[UInt8]] {
        trainer.checkpoint().tensors.map { $0.tensor.bytes() }
    }

    @Test("learn what each of them learns alone, however long each of them runs")
    func equality() throws {
        let together = [
            try Self.trainer(seed: 0), try Self.trainer(seed: 1, maxSteps: 2),
            try Self.trainer(seed: 2),
        ]
        #expect(
            try trainTogether(together, on: .cpu).map { try $0.get() }
                == [.finished, .stopped(step: 2), .finished])
        for (seed, trainer) in together.enumerated() {
            let alone = try Self.trainer(seed: seed, maxSteps: seed == 1 ? 2 : nil)
            _ = try alone.run()
            #expect(bytes(trainer) == bytes(alone))
            #expect(Self.results(trainer) == Self.results(alone))
        }
        #expect(bytes(together[0]) != bytes(together[2]))
    }

    @Test("do not fail with one of them")
    func failure() throws {
        let together = [
            try Self.trainer(seed: 0, learningRate: 1e30), try Self.trainer(seed: 1),
        ]
        let ends = try trainTogether(together, on: .cpu)
        #expect(throws: TrainingError.self) { try ends[0].get() }
        #expect(try ends[1].get() == .finished)
        let alone = try Self.trainer(seed: 1)
        _ = try alone.run()
        #expect(bytes(together[1]) == bytes(alone))
    }
}

@Suite(
    "Several students at once on a card",
    .enabled(if: Runtime.isBuiltWithCUDA && Runtime.cudaDeviceCount > 0, "needs a card"))
struct TrainTogetherOnCardTests {
    @Test("learn what each of them learns alone")
    func equality() throws {
        let device = Device.cuda(index: 0)
        let seeds = [0, 1, 2]
        let together = try seeds.map { try TrainTogetherTests.trainer(seed: $0, device: device) }
        #expect(
            try trainTogether(together, on: device).allSatisfy { try $0.get() == .finished })
        for seed in seeds {
            let alone = try TrainTogetherTests.trainer(seed: seed, device: device)
            _ = try alone.run()
            let pairs = zip(
                TrainTogetherTests.results(together[seed]).joined(),
                TrainTogetherTests.results(alone).joined())
            // Sums of gradients may be taken in any order.
            for (found, expected) in pairs {
                #expect(abs(found - expected) <= 1e-2 * abs(expected))
            }
        }
    }
}
