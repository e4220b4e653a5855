import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@Suite("Networks for photographs")
struct ImageNetNetworksTests {
    /// As torchvision publishes them with its weights; of MobileNetV1 those of the paper's table 8, in
    /// millions, counted from its layers.
    @Test(
        "have the published numbers of parameters and multiply-accumulates",
        arguments: [
            ("imagenet-ResNet18", 11_689_512, 1814.1), ("imagenet-ResNet34", 21_797_672, 3663.8),
            ("imagenet-ResNet50", 25_557_032, 4089.2), ("imagenet-ResNet101", 44_549_160, 7801.4),
            ("imagenet-MobileNetV1", 4_231_976, 568.7),
        ])
    func counts(_ name: String, _ parameters: Int, _ millions: Double) throws {
        let facts = try Architecture(named: name).facts()
        #expect(facts.parameterCount == parameters)
        #expect(abs(Double(facts.multiplyAccumulates) / 1e6 - millions) <= 0.051)
    }

    @Test(
        "have four stages from a quarter of the image down, at any size",
        arguments: Architecture.imagenet, [[224, 224], [176, 224], [97, 64], [33, 33]])
    func stages(_ architecture: Architecture, _ size: [Int]) {
        let network = architecture.make(
            classCount: 10, generator: Generator(seed: 0), device: .meta)
        let features = withoutGrad {
            network.features(Tensor.zeros([1, 3] + size, device: .meta))
        }
        func halved(_ size: Int, times: Int) -> Int {
            (0..<times).reduce(size) { value, _ in (value + 1) / 2 }
        }
        let expected = network.stageInfo.enumerated().map { index, stage in
            [1, stage.channels] + size.map { halved($0, times: index + 2) }
        }
        #expect(features.stages.map(\.shape) == expected)
        #expect(features.preactivations.map(\.shape) == expected)
        #expect(features.stem.shape.suffix(2) == size.map { halved($0, times: 1) }[...])
        #expect(network.stageInfo.map(\.reduction) == [4, 8, 16, 32])
        #expect(features.logits?.shape == [1, 10])
    }

    @Test(
        "end their stages in a ReLU",
        arguments: [Architecture.imagenetResNet50, .imagenetMobileNetV1])
    func activations(_ architecture: Architecture) {
        let network = architecture.make(classCount: 3, generator: Generator(seed: 1))
        let images = Tensor.hashed(1, shape: [2, 3, 64, 64], dtype: .float32)
        let features = withoutGrad { network.features(images) }
        for (after, before) in zip(features.stages, features.preactivations) {
            #expect(before.relu().bytes() == after.bytes())
            #expect(before.bytes() != after.bytes())
        }
    }

    @Test("are not taken for their relatives, nor these for them, by the names of their tensors")
    func names() {
        for (name, relative) in [
            (Architecture.imagenetResNet18, Architecture.resNet18),
            (.imagenetResNet50, .resNet50),
        ] {
            let own = Set(name.facts(classCount: 7).stateDict.map(\.name))
            let other = Set(relative.facts(classCount: 7).stateDict.map(\.name))
            #expect(own.contains("layer2.0.downsample.1.running_var") && own.contains("fc.bias"))
            #expect(
                other.contains("layer2.0.shortcut.1.running_var")
                    && other.contains("linear.bias"))
            #expect(own.count == other.count)
        }
    }
}
