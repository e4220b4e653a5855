import Distillation
import Testing
import Torch
import TorchNN
import VisionModels

@testable import Recipes
@testable import Training

/// Every method between the networks of ImageNet, on small images.
@Suite("Methods between networks of ImageNet")
struct ImageNetMethodTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        let teacher: Architecture
        let student: Architecture
        var size = 64

        var testDescription: String { "\(teacher) to \(student) at \(size) pixels" }

        static let all = [
            Pair(teacher: .imagenetResNet18, student: .imagenetResNet18),
            Pair(teacher: .imagenetResNet50, student: .imagenetMobileNetV1, size: 96),
        ]
    }

    private static let methods: [[MethodSettings.Name]] =
        MethodSettings.Name.byThemselves.map { [$0] } + [[.reviewkd, .kd], [.reviewkd, .ea]]

    @Test(
        "take a step with finite losses, and everything that learns moves",
        arguments: methods, Pair.all)
    func step(_ method: [MethodSettings.Name], _ pair: Pair) throws {
        var recipe = try Recipe.load(
            nameOrPath: "cifar100/resnet56-resnet20-short",
            overrides: [
                "teacher.model=\(pair.teacher.name)", "student.model=\(pair.student.name)",
                "method={name: reviewkd}", "teacher.batch_norm=batch",
            ]
        ).taught(by: method)
        // As many as there are of other classes among these images.
        recipe.method[ContrastiveRepresentationDistillation.self]?.negatives = 4
        let teacher = pair.teacher.make(classCount: 3, generator: Generator(seed: 1))
        let labels = [0, 1, 2, 0, 1, 2]
        let distiller = try recipe.makeDistiller(
            student: recipe.makeStudent(classCount: 3, device: .cpu),
            teacherNetwork: method == [.alone] ? nil : teacher, precision: .float32,
            images: ImageFacts(size: pair.size, labels: labels))
        let batch = Batch(
            images: Tensor.empty([6, 3, pair.size, pair.size])
                .fillNormal(generator: Generator(seed: 5)).contiguous(.channelsLast),
            targets: Tensor(labels.map(Int64.init)), indices: Tensor.arange(0..<6))
        let before = distiller.trainableParameters.map { ($0.name, $0.tensor.detach().bytes()) }
        let optimizer = SGD(
            distiller.trainableParameters,
            options: SGD.Options(momentum: 0.9, weightDecay: 1e-4, nesterov: false))
        let terms = distiller.losses(batch)
        #expect(terms.terms.allSatisfy { $0.value.item().isFinite }, "\(terms)")
        terms.total(
            weights: distiller.termWeights(
                at: TrainingProgress(epoch: 30, step: 10, totalSteps: 20))
        ).backward()
        optimizer.step(learningRate: 0.01)
        for (former, now) in zip(before, distiller.trainableParameters) {
            #expect(former.1 != now.tensor.detach().bytes(), "\(former.0) stays")
        }
    }
}
