import Basics
import Distillation
import Examples
import Foundation
import Recipes
import RunRecords
import Testing
import Torch
import TorchNN
import TorchTestSupport
import Training
import VisionData
import VisionModels

/// What a package of one's own can add, with nothing but what is public.
@Suite("Examples")
struct ExamplesTests {
    private func network(_ seed: UInt64, classCount: Int = 6) -> Examples.TinyNet {
        Examples.TinyNet(classCount: classCount, generator: Generator(seed: seed))
    }

    @Test("The example's method is the mean squared difference of the logits")
    func loss() {
        let batch = Batch(
            images: Tensor.hashed(1, shape: [2, 3, 8, 8], dtype: .float32),
            targets: Tensor([0, 1] as [Int64]), indices: Tensor.arange(0..<2))
        let observation = Observation(
            student: network(1).features(batch.images), teacher: network(2).features(batch.images),
            classes: batch.targets, indices: batch.indices)
        func logits(_ pyramid: FeaturePyramid) -> [Float] {
            (pyramid.logits?.detach() ?? Tensor([0])).elements(as: Float.self)
        }
        let pairs = zip(logits(observation.student), logits(observation.teacher))
        let squares = pairs.map { Double($0 - $1) * Double($0 - $1) }
        expectClose(
            Examples.LogitMatching()(observation), [squares.reduce(0, +) / Double(squares.count)],
            relative: 1e-5)
    }

    @Test("The example's network learns under the example's method in an ordinary run")
    func run() throws {
        var recipe = try Recipe.load(nameOrPath: "demo/student", overrides: ["epochs=2"])
        recipe.precision = .float32
        let data = try TrainingData(.procedural, device: .cpu)
        let classCount = data.train.classCount
        let student = network(3, classCount: classCount)
        student.convert(device: .cpu, format: .channelsLast)
        student.train()
        let distiller = TaughtStudent(
            student: student, teacher: Teacher(network(4, classCount: classCount)),
            terms: [Examples.LogitMatching()], crossEntropyWeight: 0, precision: .float32)
        let trainer = try Trainer(
            recipe: recipe, data: data, distiller: distiller, options: RunOptions()
        ) { _ in }
        #expect(try trainer.run() == .finished)
        let terms = trainer.history.compactMap { $0.train["mse"] }
        #expect(terms.count == 2 && terms[1] < terms[0] / 2, "\(terms)")
    }

    @Test("The example's program recognises far more of the images than chance, which is 25 %")
    func program() throws {
        let (teacher, student) = try trainByHand()
        #expect(teacher.count == 1000 && student.count == 1000)
        #expect(try #require(teacher["top1"]) > 45, "\(teacher)")
        #expect(try #require(student["top1"]) > 45, "\(student)")
    }

    @Test(
        "The pages on adding a method, a model and a data set, and on the library, show these very files",
        arguments: [
            ("LogitMatching", "adding-a-method", "import Distillation\n", "   "),
            ("TinyNet", "adding-a-model", "import VisionModels\n", "   "),
            ("FashionMNIST", "adding-a-dataset", "import VisionData\n", "   "),
            ("TrainByHand", "library", "", ""),
        ])
    func pages(
        _ file: String, _ page: String, _ foreignImport: String, _ indentation: String
    ) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let source = try String(
            contentsOf: root.appendingPathComponent("Examples/\(file).swift"), encoding: .utf8)
        let text = try String(
            contentsOf: root.appendingPathComponent("docs/\(page).md"), encoding: .utf8)
        let shown = source.replacing(foreignImport, with: "").split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { $0.isEmpty ? "" : indentation + $0 }.joined(separator: "\n")
        #expect(text.contains(shown.trimmingCharacters(in: .newlines)))
    }
}
