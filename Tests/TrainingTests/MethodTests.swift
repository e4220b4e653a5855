import BasicsTestSupport
import Distillation
import Foundation
import Testing
import Torch
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

/// Every method between every published pair: all of it with `make test-all`, else each method on one
/// pair.
@Suite("Methods and pairs")
struct MethodTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: [MethodSettings.Name]
        let teacher: Architecture
        let student: Architecture

        var testDescription: String {
            "\(method.map(\.rawValue).joined(separator: "+")): \(teacher) to \(student)"
        }
    }

    private static let methods: [[MethodSettings.Name]] =
        MethodSettings.Name.allCases.filter { $0 != .alone }
        .map { $0.refinesReview ? [.reviewkd, $0] : [$0] }
        + [[.reviewkd, .kd], [.reviewkd, .dkd], [.reviewkd, .nd, .ea, .kd, .mlkd]]

    private static let isComplete =
        ProcessInfo.processInfo.environment["REVIEWKD_TEST_ALL"] == "1"

    static let cases: [Case] = {
        guard isComplete else {
            return methods.enumerated().map { index, method in
                let pair = ModelPair.published[index % ModelPair.published.count]
                return Case(method: method, teacher: pair.teacher, student: pair.student)
            }
        }
        return methods.flatMap { method in
            ModelPair.published.map {
                Case(method: method, teacher: $0.teacher, student: $0.student)
            }
        }
    }()

    private static let images = Result {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["REVIEWKD_DATA"] {
            let images = try CIFARFiles.read(.cifar100, .train, in: URL(fileURLWithPath: folder))
            return ImageSet(
                pixels: Array(images.pixels.prefix(64 * 3072)),
                labels: Array(images.labels.prefix(64)), height: 32, width: 32, classCount: 100)
        }
        print("methods: on patterns; with REVIEWKD_DATA=DIR on images of CIFAR-100")
        let labels = (0..<64).map { UInt8($0 % 10) }
        let pixels = (0..<(64 * 3 * 32 * 32)).map { index -> UInt8 in
            let image = index / 3072
            return UInt8(truncatingIfNeeded: index % 97 * (image % 10 + 1) + index / 31)
        }
        return ImageSet(pixels: pixels, labels: labels, height: 32, width: 32, classCount: 100)
    }

    private func distiller(
        _ tested: Case, _ precision: Precision = .float32
    ) throws -> any Distiller<Tensor> {
        var recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20-short",
            overrides: [
                "teacher.model=\(tested.teacher.name)",
                "student.model=\(tested.student.name)",
                // A fresh teacher's running statistics are of no account.
                "method.review.warmup=null", "teacher.batch_norm=batch",
            ]
        ).taught(by: tested.method)
        // As many as there are of other classes among 64 images.
        recipe.method[ContrastiveRepresentationDistillation.self]?.negatives = 32
        let teacher = tested.teacher.make(classCount: 100, generator: Generator(seed: 1))
        let student = try recipe.makeStudent(classCount: 100, device: .cpu)
        return try recipe.makeDistiller(
            student: student, teacherNetwork: teacher, precision: precision,
            images: ImageFacts(
                labels: try Self.images.get().labels.elements(as: Int64.self).map(Int.init)))
    }

    private func batch(_ size: Int = 16) throws -> Batch<Tensor> {
        let loader = TrainingLoader(
            try Self.images.get(), normalization: .cifar100,
            augmentation: Augmentation(cropPadding: 0, flips: false), batchSize: size, seed: 1)
        return loader.batch(0, of: loader.epoch(0))
    }

    @Test("with a memory learn nothing of images that are held out for validation")
    func heldOut() throws {
        var recipe = try Recipe.load(
            nameOrPath: "demo/student", overrides: ["validation.split=5"]
        ).taught(by: [.crd])
        recipe.precision = .float32
        let images = TrainingSetup.images()
        let network = try recipe.makeStudent(classCount: 6, device: .cpu)
        let trainer = try Trainer(
            recipe: recipe, data: TrainingData(train: images, test: images),
            teacher: recipe.makeTeacher(network, precision: .float32), options: RunOptions()
        ) { _ in }
        let sampler = trainer.checkpoint().tensors.first { $0.name == "method.crd.sampler.sorted" }
        let drawn = try #require(sampler).tensor.elements(as: Int64.self)
        let split = validationSplit(holdingOut: 5, of: 20, seed: UInt64(recipe.seed))
        #expect(drawn.sorted() == split.training)
    }

    @Test("that take every stage say which they leave out between networks of unequal numbers")
    func unequalStages() throws {
        for (method, isTold) in [
            (MethodSettings.Name.at, true), (.vid, true), (.ofd, true), (.fitnet, false),
            (.kd, false),
        ] {
            var remarks: [String] = []
            _ = try Recipe.load(nameOrPath: "cifar100/vgg13-resnet20-short").taught(by: [method])
                .makeUntrainedDistiller(
                    classCount: 10, precision: .float32, device: .cpu, images: ImageFacts()
                ) { remarks.append($0) }
            let expected =
                "\(method.rawValue): the student has 3 stages and the teacher 4: the deepest 3 are "
                + "matched, and the shallow ones of the longer network are left out"
            #expect(remarks == (isTold ? [expected] : []))
        }
    }

    /// All cases in bfloat16, and in float32 all of them with `make test-all`, else each third.
    static let preciseCases: [(tested: Case, precision: Precision)] =
        cases.map { ($0, .bfloat16) }
        + cases.enumerated().filter { isComplete || $0.offset % 3 == 0 }
        .map { ($0.element, .float32) }

    @Test("learn the same bits with one thread, two and three", arguments: preciseCases)
    func threads(_ tested: Case, _ precision: Precision) throws {
        let batch = try batch(64)
        func learned(with threads: Int) throws -> [UInt8] {
            let former = Runtime.threads
            Runtime.setThreads(threads)
            defer { Runtime.setThreads(former) }
            let distiller = try distiller(tested, precision)
            let optimizer = SGD(distiller.trainableParameters)
            for _ in 0..<2 {
                let weights = distiller.termWeights(
                    at: TrainingProgress(epoch: 3, step: 10, totalSteps: 20))
                distiller.losses(batch).total(weights: weights).backward()
                optimizer.step(learningRate: 0.001)
            }
            return distiller.stateDict().flatMap { $0.tensor.detach().bytes() }
        }
        let one = try learned(with: 1)
        #expect(try learned(with: 2) == one)
        #expect(try learned(with: 3) == one)
    }

    @Test(
        "learn a repeated batch with finite losses, and go on from a checkpoint bit for bit",
        arguments: cases)
    func learning(_ tested: Case) throws {
        let steps = Self.isComplete ? 20 : 9
        let batch = try batch()
        let progress = TrainingProgress(epoch: 3, step: 10, totalSteps: 20)
        func step(_ distiller: any Distiller<Tensor>, _ optimizer: SGD) -> Double {
            let total = distiller.losses(batch)
                .total(weights: distiller.termWeights(at: progress))
            total.backward()
            optimizer.step(learningRate: 0.001)
            return total.item()
        }
        let first = try distiller(tested)
        let optimizer = SGD(first.trainableParameters)
        var losses = (0..<steps).map { _ in step(first, optimizer) }
        let other = try distiller(tested)
        let otherOptimizer = SGD(other.trainableParameters)
        try withFolder { folder in
            let path = folder + "/step"
            let tensors =
                first.stateDict().map { $0.prefixed("method") }
                + optimizer.stateDict().map { $0.prefixed("optimizer") }
            try Checkpoint(state: RunState(), tensors: tensors).encoded()
                .write(to: URL(fileURLWithPath: path))
            let saved = try Checkpoint(contentsOf: path).tensors
            try other.load(stateDict: saved.entries(below: "method"))
            try otherOptimizer.load(stateDict: saved.entries(below: "optimizer"))
        }
        losses.append(step(first, optimizer))
        let again = step(other, otherOptimizer)
        #expect(again == losses.last)
        #expect(losses.allSatisfy { $0.isFinite }, "\(losses)")
        // CRD's memory is of no account before the first step has filled it.
        #expect(losses[losses.count - 1] < losses[1], "\(losses)")
    }
}
