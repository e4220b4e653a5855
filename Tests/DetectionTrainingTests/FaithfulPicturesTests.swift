import BasicsTestSupport
import DetectionTraining
import Detectors
import Foundation
import NetworkFiles
import RecipeSyntax
import Recipes
import TensorFiles
import Testing
import Torch
import TorchNN
import TorchTestSupport
import Training
import VisionData
import VisionModels

/// Pictures as the code of ReviewKD's authors gives them, by `Detection/configs` and `model/teacher`.
@Suite("Faithful pictures") struct FaithfulPicturesTests {
    private func recipe(_ name: String, _ overrides: [String] = []) throws -> Recipe {
        try Recipe.load(
            nameOrPath: name, overrides: ["dataset.faithful=true"] + overrides)
    }

    /// The means and deviations of detectron2's configuration, in the order in which it has them: blue first.
    private let means = [103.53, 116.28, 123.675]
    private let deviations = [57.375, 57.12, 58.395]

    @Test("A student on ResNet-18 gets RGB images less the means of blue, green and red")
    func student() throws {
        let recipe = try recipe("coco/faster_rcnn_R101-R18")
        let found = recipe.studentNormalization
        for channel in 0..<3 {
            #expect(abs(found.mean[channel] * 255 - means[channel]) < 1e-9)
            #expect(abs(found.deviation[channel] * 255 - deviations[channel]) < 1e-9)
        }
    }

    @Test("Its teacher's red loses the mean of blue, and keeps the deviation that its weights have")
    func teacher() throws {
        let recipe = try recipe("coco/faster_rcnn_R101-R18")
        let found = recipe.teacherNormalization
        for channel in 0..<3 {
            #expect(abs(found.mean[channel] * 255 - means[channel]) < 1e-9)
            #expect(abs(found.deviation[channel] * 255 - deviations[2 - channel]) < 1e-9)
        }
    }

    @Test(
        "A student on MobileNetV2 gets BGR images that nothing divides, with the weights as they are"
    )
    func mobileNet() throws {
        let architecture = try DetectorArchitecture(named: "faster_rcnn_MV2")
        let written = architecture.make(
            settings: DetectorSettings(), generator: Generator(seed: 3))
        let name = "backbone.bottom_up.features.0.0.weight"
        try withFolder { folder in
            let path = "\(folder)/student.safetensors"
            try Safetensors.encode(
                entries: written.stateDict().map(\.entry),
                metadata: ["mean": "[0.485,0.456,0.406]", "std": "[0.229,0.224,0.225]"]
            ).write(to: URL(filePath: path))
            func first(_ recipe: Recipe) throws -> Tensor {
                let detector = try recipe.makeDetector(
                    classCount: 80, device: .cpu, startingFrom: path)
                return try #require(detector.stateDict().first { $0.name == name }).tensor
            }
            let weights = try #require(written.stateDict().first { $0.name == name }).tensor
            let pair = "coco/faster_rcnn_R50-MV2"
            #expect(try first(Recipe.load(nameOrPath: pair)).isEqual(to: weights).all().item() == 1)
            // Ours takes RGB divided by deviations: each weight times its channel's deviation.
            let faithful = try first(recipe(pair))
            for channel in 0..<3 {
                let expected =
                    weights.narrow(1, (2 - channel)..<(3 - channel))
                    * deviations[2 - channel]
                expectClose(faithful.narrow(1, channel..<(channel + 1)), expected)
            }
        }
    }

    @Test("The pairs on ResNet-50 are right in the authors' code, so nothing changes")
    func unchanged() throws {
        let recipe = try recipe("coco/faster_rcnn_R101-R50")
        #expect(recipe.studentNormalization == .imagenet)
        #expect(recipe.teacherNormalization == .imagenet)
        #expect(recipe.remarkOnFaithfulPictures?.contains("changes nothing") == true)
    }

    @Test("Another normalisation beside it is refused")
    func contradiction() {
        let error = #expect(throws: RecipeError.self) {
            try recipe("coco/faster_rcnn_R101-R18", ["dataset.normalization=cifar10"])
        }
        #expect(error?.description.contains("leave normalization out") == true)
    }
}
