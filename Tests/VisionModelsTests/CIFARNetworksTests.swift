import Foundation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@Suite struct CIFARNetworksTests {
    private func make(_ model: Architecture, classes: Int = 100) -> any Backbone {
        model.make(classCount: classes, generator: Generator(seed: 1))
    }

    /// Counts at 100 classes as published; those of ResNet-8, 14 and 44 follow from the others, as
    /// each further triple of blocks adds 97,216.
    @Test(
        "Every model has the published number of parameters",
        arguments: [
            (Architecture.resnet8, 83_892), (.resnet14, 181_108), (.resnet20, 278_324),
            (.resnet32, 472_756), (.resnet44, 667_188), (.resnet56, 861_620),
            (.resnet110, 1_736_564), (.resnet8x4, 1_233_540), (.resnet32x4, 7_433_860),
            (.wideResNet16x2, 703_284), (.wideResNet40x1, 569_780),
            (.wideResNet40x2, 2_255_156), (.vgg8, 3_965_028), (.vgg13, 9_462_180),
            (.resNet50, 23_705_252), (.mobileNetV2, 812_836), (.shuffleV1, 949_258),
            (.shuffleV2, 1_355_528),
        ])
    func parameterCounts(_ model: Architecture, _ count: Int) {
        #expect(make(model).parameterCount == count)
    }

    @Test(
        "The state dict of the small ResNets has the keys of the published checkpoints",
        arguments: Architecture.cifar.filter { $0.name.hasPrefix("resnet") })
    func keys(_ model: Architecture) {
        let keys = make(model).stateDict().map(\.name)
        #expect(Set(keys).count == keys.count)
        #expect(keys.prefix(2) == ["conv1.weight", "bn1.weight"])
        #expect(keys.suffix(2) == ["fc.weight", "fc.bias"])
        #expect(keys.contains("layer2.0.downsample.0.weight"))
        #expect(keys.contains("layer3.0.downsample.1.num_batches_tracked"))
        // The fourfold networks widen already in the first stage.
        #expect(
            keys.contains("layer1.0.downsample.0.weight") == model.name.hasSuffix("x4"))
    }

    @Test(
        "The pyramid has the described widths and strides, whatever the image's size",
        arguments: [Architecture.resnet8, .resnet8x4],
        [[32, 32], [64, 64], [24, 40], [33, 19], [8, 8]])
    func pyramid(_ model: Architecture, _ size: [Int]) {
        let network = make(model, classes: 7)
        let features = withoutGrad { network.features(Tensor.zeros([2, 3] + size)) }
        let expected = network.stageInfo.map { stage in
            [2, stage.channels] + size.map { ($0 + stage.reduction - 1) / stage.reduction }
        }
        #expect(network.stageInfo.map(\.reduction) == [1, 2, 4])
        #expect(features.stages.map(\.shape) == expected)
        #expect(features.preactivations.map(\.shape) == expected)
        #expect(features.stem.shape.suffix(2) == size[...])
        #expect(features.pooled?.shape == [2, network.pooledChannels, 1, 1])
        #expect(features.logits?.shape == [2, 7])
        #expect(features.levels.count == 4 && features.preactivationLevels.count == 4)
    }

    @Test("A stage's output is its pre-activation after ReLU, and the levels end in the mean")
    func activations() throws {
        let network = make(.resnet14)
        let images = Tensor.hashed(1, shape: [2, 3, 16, 16], dtype: .float32)
        let features = withoutGrad { network.features(images) }
        for (after, before) in zip(features.stages, features.preactivations) {
            #expect(before.relu().bytes() == after.bytes())
            #expect(before.bytes() != after.bytes())
        }
        let mean = features.stages[2].mean([2, 3], keepDimensions: true)
        expectClose(try #require(features.pooled), mean)
    }

    @Test("A permuted batch gives permuted predictions in evaluation")
    func permutation() {
        let network = make(.resnet8)
        network.eval()
        let images = Tensor.hashed(2, shape: [3, 3, 12, 12], dtype: .float32)
        let order = Tensor([2, 0, 1] as [Int64])
        withoutGrad {
            expectClose(
                network(images.select(0, order)), network(images).select(0, order),
                relative: 1e-5, absolute: 1e-6)
        }
    }

    @Test("The prediction is the pyramid's")
    func predictionOfPyramid() {
        let network = make(.resnet8)
        network.eval()
        let images = Tensor.hashed(3, shape: [2, 3, 8, 8], dtype: .float32)
        withoutGrad {
            #expect(network(images).bytes() == network.features(images).logits?.bytes())
        }
    }

    @Test("Equal seeds give equal weights")
    func seeds() {
        let weights = make(.resnet8).stateDict().map { $0.tensor.bytes() }
        #expect(weights == make(.resnet8).stateDict().map { $0.tensor.bytes() })
    }
}

/// A model of each kind, for what must hold of all.
///
/// A kind that stands in the list and not here comes by itself.
private let families: [Architecture] = {
    let chosen: [Architecture] = [
        .resnet8, .resnet8x4, .wideResNet16x1, .vgg8, .mobileNetV2, .shuffleV1, .shuffleV2,
        .resNet18, .resNet50, .imagenetResNet18, .imagenetResNet50, .imagenetMobileNetV1,
    ]
    func kind(_ model: Architecture) -> ObjectIdentifier {
        let network = model.make(classCount: 1, generator: Generator(seed: 0), device: .meta)
        return ObjectIdentifier(type(of: network))
    }
    let kinds = Set(chosen.map(kind))
    return chosen + Architecture.all.filter { !kinds.contains(kind($0)) }
}()

@Suite struct CIFARPyramidTests {

    private let images = Tensor.hashed(5, shape: [2, 3, 32, 32], scale: 1.5, dtype: .float32)

    private func make(_ model: Architecture) -> any Backbone {
        model.make(classCount: 7, generator: Generator(seed: 1))
    }

    @Test("The stages of 32×32 images have the described widths and sizes", arguments: families)
    func stages(_ model: Architecture) {
        let network = make(model)
        let features = withoutGrad { network.features(images) }
        let expected = network.stageInfo.map { stage in
            [2, stage.channels, 32 / stage.reduction, 32 / stage.reduction]
        }
        #expect(features.stages.map(\.shape) == expected)
        #expect(features.preactivations.map(\.shape) == expected)
        #expect(features.pooled?.shape == [2, network.pooledChannels, 1, 1])
        #expect(features.logits?.shape == [2, 7])
        let norms = network.stageNorms?.map { $0.weight.size(0) }
        #expect(norms == nil || norms?.count == network.stageInfo.count)
    }

    @Test(
        "Without pre-activations everything else is the same, gradients too",
        arguments: families, DType.mixed)
    func withoutPreactivations(_ model: Architecture, _ precision: DType?) {
        func run(keeps: Bool) -> [[UInt8]] {
            let network = make(model)
            network.convert(format: .channelsLast)
            let features = withAutocast(precision, on: .cpu) {
                network.features(images.contiguous(.channelsLast), keepsPreactivations: keeps)
            }
            #expect(features.preactivations.isEmpty != keeps || model == .mobileNetV2)
            let outputs = features.levels + [features.logits ?? Tensor.zeros([])]
            outputs.dropFirst().reduce(outputs[0].sum()) { $0 + $1.sum() }.backward()
            return outputs.map { $0.bytes() }
                + network.parameters().map { $0.tensor.grad?.bytes() ?? [] }
        }
        #expect(run(keeps: true) == run(keeps: false))
    }

    /// In millions for one image of 32×32, as published with a decimal.
    @Test(
        "Every model needs the published number of multiply-accumulates",
        arguments: [
            (Architecture.resnet20, 40.8), (.resnet32, 69.1), (.resnet56, 125.8),
            (.resnet110, 253.2), (.resnet8x4, 177.1), (.resnet32x4, 1083.0),
            (.wideResNet16x2, 101.1), (.wideResNet40x1, 83.3), (.wideResNet40x2, 327.6),
            (.vgg8, 96.2), (.vgg13, 284.9), (.resNet50, 1298.0), (.mobileNetV2, 6.5),
            (.shuffleV1, 38.7), (.shuffleV2, 44.5),
        ])
    func multiplyAccumulates(_ model: Architecture, _ millions: Double) {
        let network = model.make(classCount: 100, generator: Generator(seed: 1))
        let before = network.stateDict().map { $0.tensor.bytes() }
        let count = Double(network.multiplyAccumulates(imageSize: 32)) / 1e6
        #expect(abs(count - millions) <= 0.051, "\(count)")
        #expect(network.stateDict().map { $0.tensor.bytes() } == before)
    }

    @Test("A training pass updates each running statistic once", arguments: families)
    func runningStatistics(_ model: Architecture) {
        let network = make(model)
        _ = withoutGrad { network.features(images) }
        let counts = network.stateDict().filter { $0.name.hasSuffix("num_batches_tracked") }
        #expect(!counts.isEmpty)
        #expect(counts.allSatisfy { $0.tensor.item() == 1 })
    }
}

extension DType {
    /// No mixed precision, and bfloat16.
    static let mixed: [DType?] = [nil, .bfloat16]
}

@Suite struct FoldedNetworkTests {
    private let images = Tensor.hashed(4, shape: [2, 3, 16, 16], scale: 1.5, dtype: .float32)

    private func network(_ model: Architecture) -> any Backbone {
        let network = model.make(classCount: 10, generator: Generator(seed: 1))
        network.stateDict().fillWithHash(base: 0)
        network.eval()
        return network
    }

    private func everything(_ features: FeaturePyramid) -> [Tensor] {
        [features.stem] + features.levels + features.preactivations
            + (features.logits.map { [$0] } ?? [])
    }

    @Test(
        "Folding batch norms changes the evaluated network by rounding alone",
        arguments: families, [(DType.float32, 1e-4), (.float64, 1e-10)])
    func agrees(_ model: Architecture, _ arithmetic: (dtype: DType, tolerance: Double)) {
        let network = network(model)
        network.convert(dtype: arithmetic.dtype)
        let (expected, found) = withoutGrad {
            let given = images.to(arithmetic.dtype)
            return (
                everything(network.features(given)),
                everything(network.folded(dtype: arithmetic.dtype).features(given))
            )
        }
        #expect(found.count == expected.count)
        for (tensor, reference) in zip(found, expected) {
            #expect(relativeError(tensor, reference) <= arithmetic.tolerance)
        }
    }

    @Test(
        "A folded network computes in its own type and keeps the shapes",
        arguments: families)
    func bfloat16(_ model: Architecture) {
        let network = network(model)
        let found = withoutGrad { everything(network.folded(dtype: .bfloat16).features(images)) }
        let expected = withoutGrad { everything(network.features(images)) }
        #expect(found.map(\.shape) == expected.map(\.shape))
        #expect(found.allSatisfy { $0.dtype == .bfloat16 })
    }

    /// oneDNN reads its variable once, so that a process of its own is needed.
    @Test("A folded network computes in bfloat16 where oneDNN cannot fuse it, too")
    func withoutBFloat16() async {
        await #expect(processExitsWith: .success) {
            setenv("ATEN_CPU_CAPABILITY", "avx2", 1)
            setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1)
            #expect(!Processor.fusesBFloat16)
            let tests = FoldedNetworkTests()
            for model in [Architecture.resnet8, .mobileNetV2] { tests.bfloat16(model) }
        }
    }

    @Test("Folding leaves the network alone, and later changes do not reach the copy")
    func isACopy() {
        let network = network(.resnet8)
        let before = network.stateDict().map { $0.tensor.bytes() }
        let folded = network.folded(dtype: .float32)
        let first = withoutGrad { folded.features(images).logits?.bytes() }
        #expect(network.stateDict().map { $0.tensor.bytes() } == before)
        withoutGrad {
            for entry in network.stateDict() { entry.tensor.fillZero() }
        }
        #expect(withoutGrad { folded.features(images).logits?.bytes() } == first)
    }
}
