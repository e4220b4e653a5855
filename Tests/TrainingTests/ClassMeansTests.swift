import Basics
import BasicsTestSupport
import Distillation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("A teacher's class means")
struct ClassMeansTests {
    private let images = TrainingSetup.images()
    private let network = TrainingSetup.teacher()

    private func recipe(_ overrides: [String] = []) throws -> Recipe {
        var recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: ["teacher.model=resnet14", "batch_size=8", "epochs=2"] + overrides
        ).taught(by: [.reviewkd, .nd])
        recipe.precision = .float32
        return recipe
    }

    private func trainer(
        _ recipe: Recipe, _ options: RunOptions = RunOptions()
    ) throws -> Trainer {
        try Trainer(
            recipe: recipe, data: TrainingData(train: images, test: images),
            teacher: recipe.makeTeacher(network, precision: .float32), options: options
        ) { _ in }
    }

    private func means(of trainer: Trainer) throws -> Tensor {
        try #require(trainer.checkpoint().tensors.first { $0.name == "method.nd.means" }).tensor
    }

    /// One image at a time, from the file's pixels.
    @Test("are those of its pooled features over the images to train on, none of them held out")
    func values() throws {
        let recipe = try recipe(["validation.split=4"])
        let trainer = try trainer(recipe)
        #expect(try means(of: trainer).sumOfSquares().item() == 0)
        _ = try trainer.run()
        let split = validationSplit(holdingOut: 4, of: 20, seed: UInt64(recipe.seed))
        let normalization = recipe.dataset.normalization.normalization
        var sums = Array(repeating: Array(repeating: 0.0, count: 64), count: 6)
        var counts = Array(repeating: 0.0, count: 6)
        network.eval()
        for position in split.training {
            try images.evaluation(
                positions: [position], normalization: normalization, batchSize: 1
            ).forEach { batch in
                let features = withoutGrad { network.features(batch.images).pooledRows }
                    .elements(as: Float.self)
                let label = Int(batch.targets.item())
                counts[label] += 1
                for (index, value) in features.enumerated() { sums[label][index] += Double(value) }
            }
        }
        let expected = zip(sums, counts).flatMap { row, count in row.map { $0 / count } }
        expectClose(try means(of: trainer), expected, relative: 1e-5, absolute: 1e-6)
    }

    @Test("stay in the run's state, so that a run that goes on does not look at the images again")
    func resumption() throws {
        try withFolder { folder in
            let recipe = try recipe()
            var options = RunOptions()
            options.output = folder + "/run"
            options.maxSteps = 4
            func run() throws -> [UInt8] {
                let trainer = try trainer(recipe, options)
                _ = try trainer.run()
                return try means(of: trainer).bytes()
            }
            let known = try run()
            // Were they taken again, this teacher would give others.
            network.stateDict().fillWithHash(base: 700)
            options.resume = true
            options.maxSteps = nil
            #expect(try run() == known)
        }
    }

    @Test("cannot be taken of a class without an image, which is said before the first step")
    func withoutImages() throws {
        let set = ImageSet(
            pixels: Array(repeating: 3, count: 20 * 3 * 16 * 16),
            labels: (0..<20).map { $0 % 5 }, height: 16, width: 16, classCount: 6)
        let recipe = try recipe()
        let trainer = try Trainer(
            recipe: recipe, data: TrainingData(train: set, test: set),
            teacher: recipe.makeTeacher(network, precision: .float32), options: RunOptions()
        ) { _ in }
        #expect(throws: DistillationError.noClassMean(method: "nd", classes: 1, of: 6)) {
            try trainer.run()
        }
    }
}

@Suite("Additions to ReviewKD")
struct AdditionsTests {
    @Test(
        "all together, stopped within an epoch and resumed, end with the bytes of those left alone")
    func resumption() throws {
        let images = TrainingSetup.images()
        let network = TrainingSetup.teacher()
        var recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: [
                "teacher.model=resnet14", "batch_size=8", "epochs=2", "optimizer.dot=0.05",
                "dataset.augmentation.second_view=trivial", "ema.decay=0.9",
            ]
        ).taught(by: [.reviewkd, .nd, .ea, .kd, .mlkd])
        recipe.precision = .bfloat16
        try withFolder { folder in
            func run(_ name: String, stops: Bool) throws -> Trainer {
                var options = RunOptions()
                options.output = "\(folder)/\(name)"
                options.resume = !stops
                options.expectsRun = false
                options.maxSteps = stops ? 2 : nil
                let trainer = try Trainer(
                    recipe: recipe, data: TrainingData(train: images, test: images),
                    teacher: recipe.makeTeacher(network, precision: .bfloat16), options: options
                ) { _ in }
                _ = try trainer.run()
                return trainer
            }
            let whole = try run("whole", stops: false)
            _ = try run("parted", stops: true)
            let parted = try run("parted", stops: false)
            let (one, two) = (whole.checkpoint().tensors, parted.checkpoint().tensors)
            #expect(one.map(\.name) == two.map(\.name))
            #expect(one.contains { $0.name.hasPrefix("optimizer.taught.") })
            for (left, right) in zip(one, two) {
                #expect(left.tensor.bytes() == right.tensor.bytes(), "\(left.name)")
            }
            // Each image counts once, however many views of it there are.
            let record = try #require(whole.history.last)
            #expect((0...100).contains(try #require(record.train["top1"])))
            #expect(record.test?["ema_top1"] != nil)
        }
    }
}
