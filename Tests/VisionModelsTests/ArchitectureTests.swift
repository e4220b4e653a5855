import Foundation
import Testing
import Torch
import TorchNN
import VisionModels

@Suite("Architectures")
struct ArchitectureTests {
    private func everything(_ features: FeaturePyramid) -> [Tensor] {
        [features.stem] + features.levels + features.preactivations
            + (features.logits.map { [$0] } ?? [])
    }

    private func network(_ architecture: Architecture, on device: Device) -> any Backbone {
        architecture.make(classCount: 7, generator: Generator(seed: 1), device: device)
    }

    @Test("are found by name in any case, and others refused with the names that exist")
    func names() throws {
        #expect(try Architecture(named: "ResNet32x4") == Architecture.resnet32x4)
        let known = Architecture.all.map(\.name)
        #expect(Set(known.map { $0.lowercased() }).count == known.count)
        let error = #expect(throws: ModelError.unknown(name: "resnet57", known: known)) {
            try Architecture(named: "resnet57")
        }
        #expect(
            error?.description.hasPrefix("model 'resnet57' is unknown; expected one of ") == true)
        #expect(error?.description.hasSuffix("; did you mean \"resnet56\"?") == true)
    }

    @Test("for CIFAR are those of the literature, in its order, and come first of all")
    func list() {
        let names = [
            "resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110",
            "resnet8x4", "resnet32x4", "wrn_16_1", "wrn_16_2", "wrn_40_1", "wrn_40_2", "vgg8",
            "vgg11", "vgg13", "vgg16", "vgg19", "MobileNetV2", "ShuffleV1", "ShuffleV2", "ResNet18",
            "ResNet34", "ResNet50",
        ]
        #expect(Array(Architecture.all.map(\.name).prefix(names.count)) == names)
        #expect(Architecture.cifar.allSatisfy { $0.imageSize == 32 })
    }

    @Test(
        "have on the meta device the very tensors, in shape, type and order, that they have on the CPU",
        arguments: Architecture.all)
    func sameTensors(_ architecture: Architecture) {
        func described(_ network: any Backbone) -> [String] {
            network.stateDict().map {
                "\($0.name) \($0.tensor.shape) \($0.tensor.dtype) \($0.tensor.requiresGrad)"
            }
        }
        let shapes = network(architecture, on: .meta)
        #expect(shapes.device == .meta)
        #expect(shapes.stateDict().allSatisfy { $0.tensor.device == .meta })
        #expect(described(shapes) == described(network(architecture, on: .cpu)))
        #expect(
            architecture.facts(classCount: 7).stateDict.map(\.name)
                == shapes.stateDict().map(\.name))
    }

    @Test(
        "give on the meta device the shapes that they give on the CPU, in training and in evaluation",
        arguments: Architecture.all)
    func sameShapes(_ architecture: Architecture) {
        let size = architecture.imageSize
        for trains in [true, false] {
            let pyramids = [Device.meta, .cpu].map { device in
                let network = network(architecture, on: device)
                if trains { network.train() } else { network.eval() }
                let images = Tensor.zeros([2, 3, size, size], device: device)
                return withGradMode(trains) { everything(network.features(images)) }
            }
            #expect(pyramids[0].map(\.shape) == pyramids[1].map(\.shape))
            #expect(pyramids[0].allSatisfy { $0.device == .meta && $0.dtype == .float32 })
        }
    }

    @Test("have facts that a network with weights confirms", arguments: Architecture.all)
    func facts(_ architecture: Architecture) {
        let network = network(architecture, on: .cpu)
        let facts = architecture.facts(classCount: 7)
        let size = architecture.imageSize
        let pyramid = withoutGrad { network.features(Tensor.zeros([1, 3, size, size])) }
        #expect(facts.levels == pyramid.levels.map(\.shape))
        #expect(facts.stages == network.stageInfo)
        #expect(facts.pooledChannels == pyramid.pooled?.size(1))
        #expect(facts.parameterCount == network.parameterCount)
        #expect(facts.multiplyAccumulates == network.multiplyAccumulates(imageSize: size))
        #expect(facts.stateDict.map(\.tensor.shape) == network.stateDict().map(\.tensor.shape))
    }

    @Test("draw nothing for the meta device, and the same weights for every other")
    func draws() {
        let architecture = Architecture.vgg8
        let generator = Generator(seed: 3)
        let before = generator.state.bytes()
        _ = architecture.make(classCount: 5, generator: generator, device: .meta)
        #expect(generator.state.bytes() == before)
        let made = architecture.make(classCount: 5, generator: generator)
        let plain = VGG(
            counts: [1, 1, 1, 1, 1], classCount: 5, generator: Generator(seed: 3))
        #expect(
            made.stateDict().map { $0.tensor.bytes() }
                == plain.stateDict().map { $0.tensor.bytes() })
        #expect(generator.state.bytes() != before)
    }

    @Test("take no memory on the meta device")
    func memory() throws {
        let networks = Architecture.all.map {
            $0.make(classCount: 1_000_000, generator: Generator(seed: 0), device: .meta)
        }
        // A classifier of ResNet-50 alone would take 8 GB.
        #expect(networks.reduce(0) { $0 + $1.parameterCount } > 5_000_000_000)
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let peak = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?
                .split(separator: " ").dropFirst().first.flatMap { Int($0) })
        #expect(peak < 8_000_000, "\(peak) KiB")
    }
}
