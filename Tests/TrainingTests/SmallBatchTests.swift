import Distillation
import Testing
import Torch
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("Every method takes every batch size")
struct SmallBatchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: [MethodSettings.Name]
        let precision: Precision
        var student = Architecture.resnet8

        var testDescription: String {
            method.map(\.rawValue).joined(separator: "+") + " to \(student) in \(precision)"
        }
    }

    static let cases =
        Precision.allCases.flatMap { precision in
            (MethodSettings.Name.byThemselves.map { [$0] }
                + [[.reviewkd, .kd], [.rkd, .crd], [.sp, .dist]])
                .map { Case(method: $0, precision: precision) }
        }
        + [.reviewkd, .fitnet, .ofd].map {
            Case(method: [$0], precision: .float32, student: .vgg8)
        }

    private static let images = ImageSet(
        pixels: (0..<(7 * 3 * 32 * 32)).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0) },
        labels: (0..<7).map { $0 % 6 }, height: 32, width: 32, classCount: 6)

    @Test(
        "with a finite loss, finite gradients and a finite state: three images, one, two, one",
        arguments: cases)
    func smallBatches(_ tested: Case) throws {
        var recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: ["student.model=\(tested.student.name)", "method.review.warmup=null"]
        ).taught(by: tested.method)
        recipe.method[ContrastiveRepresentationDistillation.self]?.negatives = 3
        let network = Architecture.resnet14.make(classCount: 6, generator: Generator(seed: 2))
        network.convert(format: .channelsLast)
        let labels = Self.images.labels.elements(as: Int64.self).map(Int.init)
        let distiller = try recipe.makeDistiller(
            student: recipe.makeStudent(classCount: 6, device: .cpu), teacherNetwork: network,
            precision: tested.precision, images: ImageFacts(labels: labels))
        let optimizer = SGD(distiller.trainableParameters)
        let loader = TrainingLoader(
            Self.images, normalization: .cifar100,
            augmentation: Augmentation(cropPadding: 0, flips: false), batchSize: 7, seed: 1)
        let whole = loader.batch(0, of: loader.epoch(0))
        for range in [0..<3, 3..<4, 4..<6, 6..<7] {
            let batch = Batch(
                images: whole.images.narrow(0, range).contiguous(.channelsLast),
                targets: whole.targets.narrow(0, range), indices: whole.indices.narrow(0, range))
            let terms = distiller.losses(batch)
            let weights = distiller.termWeights(
                at: TrainingProgress(epoch: 3, step: 10, totalSteps: 20))
            for term in terms.terms {
                #expect(term.value.item().isFinite, "\(term.name) of \(range.count)")
            }
            terms.total(weights: weights).backward()
            for parameter in distiller.trainableParameters {
                let gradient = try #require(parameter.tensor.grad, "\(parameter.name)")
                #expect(gradient.isAllFinite, "gradient of \(parameter.name), \(range.count)")
            }
            optimizer.step(learningRate: 0.001)
            for entry in distiller.stateDict() where entry.tensor.dtype.isFloatingPoint {
                #expect(entry.tensor.isAllFinite, "\(entry.name) after \(range.count)")
            }
        }
    }

    @Test("An epoch that ends in a batch of one is trained and evaluated", arguments: [1, 4, 5])
    func lastBatchOfOne(batchSize: Int) throws {
        var recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: [
                "batch_size=\(batchSize)", "epochs=2", "method.review.warmup=null",
                "optimizer.learning_rate=0.001", "precision=float32",
            ]
        ).taught(by: [.reviewkd, .rkd])
        recipe.precision = .float32
        let positions = Tensor.arange(0..<5)
        let (pixels, labels) = Self.images.select(positions)
        let five = ImageSet(
            pixels: pixels.bytes(), labels: labels.elements(as: Int64.self).map(UInt8.init),
            height: 32, width: 32, classCount: 6)
        let network = Architecture.resnet14.make(classCount: 6, generator: Generator(seed: 2))
        let trainer = try Trainer(
            recipe: recipe, data: TrainingData(train: five, test: Self.images),
            teacher: recipe.makeTeacher(network, precision: .float32), options: RunOptions()
        ) { _ in }
        #expect(try trainer.run() == .finished)
        #expect(try trainer.soundCheckpoint().tensors.isEmpty == false)
    }

    @Test("RKD tells nothing of one image, and of two their distance alone")
    func relations() {
        let term = RelationalKnowledgeDistillation()
        func loss(_ count: Int) -> (Tensor, Tensor) {
            let student = Tensor.hashed(count: count * 3, shift: 1).reshape([count, 3])
            student.requiresGrad = true
            let teacher = Tensor.hashed(count: count * 4, shift: 2).reshape([count, 4])
            return (term.loss(student: student, teacher: teacher), student)
        }
        let (one, student) = loss(1)
        one.backward()
        #expect(one.item() == 0)
        #expect(student.grad?.elements(as: Float.self) == [0, 0, 0])
        // Both distances are the mean of themselves, and every angle is the same.
        #expect(abs(loss(2).0.item()) < 1e-9)
        #expect(loss(3).0.item() > 0)
    }
}

extension Tensor {
    fileprivate var isAllFinite: Bool { isFinite().all().item() == 1 }

    fileprivate static func hashed(count: Int, shift: Int) -> Tensor {
        Tensor((0..<count).map { Float(($0 * 37 + shift * 11) % 19) / 19 })
    }
}
