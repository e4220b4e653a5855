import Distillation
import Testing
import Torch
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("Measuring a teacher")
struct TeacherCheckTests {
    @Test(
        "changes nothing of the training, whatever its batch norms do",
        arguments: Teacher.BatchNormMode.allCases)
    func bits(_ mode: Teacher.BatchNormMode) throws {
        func run(known top1: Double?) throws -> (state: [[UInt8]], top1: Double?, told: Int) {
            var recipe = try Recipe.load(
                nameOrPath: "demo/student",
                overrides: ["teacher.model=resnet14", "batch_size=8", "epochs=1"])
            recipe.teacher?.batchNorm = mode
            recipe.precision = .float32
            let images = TrainingSetup.images()
            let network = Architecture.resnet14.make(classCount: 6, generator: Generator(seed: 2))
            network.convert(format: .channelsLast)
            var options = RunOptions()
            options.teacherTop1 = top1
            var told = 0
            let trainer = try Trainer(
                recipe: recipe, data: TrainingData(train: images, test: images),
                teacher: recipe.makeTeacher(network, precision: .float32), options: options
            ) { event in
                switch event {
                case .remark, .warning: told += 1
                case .step, .evaluation, .epoch: break
                }
            }
            #expect(try trainer.run() == .finished)
            let state = trainer.checkpoint().tensors.map { $0.tensor.bytes() }
            return (state, trainer.history.first?.teacherTop1, told)
        }
        let measured = try run(known: nil)
        let known = try run(known: 12.5)
        #expect(measured.state == known.state)
        #expect(measured.told == 1)
        #expect(known.told == 0)
        #expect(known.top1 == 12.5)
        let top1 = try #require(measured.top1)
        #expect((0...100).contains(top1))
    }

    @Test("warns below three times chance, and 5 points below what is published on CIFAR-100")
    func warnings() {
        func check(
            _ model: Architecture, _ top1: Double, _ dataset: Dataset = .cifar100
        ) -> TeacherCheck {
            TeacherCheck(
                model: model, top1: top1, images: "2000 images of the test set",
                classCount: dataset == .cifar100 ? 100 : 10, dataset: dataset)
        }
        #expect(check(.resnet56, 72).warning == nil)
        #expect(check(.resnet56, 67.4).warning == nil)
        #expect(
            check(.resnet56, 67.3).warning?.description.contains("the 72.34 % published") == true)
        #expect(check(.resnet20, 60).warning?.description.contains("the 69.06 % published") == true)
        // Nothing is published for these.
        #expect(check(.resnet14, 4).warning == nil)
        #expect(check(.resnet56, 40, .cifar10).warning == nil)
        #expect(
            check(.resnet56, 29, .cifar10).warning?.description.contains("guessing gives (10.00 %)")
                == true)
        #expect(
            check(.resnet14, 2.9).warning?.description.contains("guessing gives (1.00 %)") == true)
        #expect(
            check(.resnet14, 4).report
                == "the teacher resnet14 is right on 4.00 % of 2000 images of the test set")
    }
}
