import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@Suite struct CIFARModelTests {
    private func make(_ model: CIFARModel, classes: Int = 100) -> any Backbone {
        model.make(classCount: classes, generator: Generator(seed: 1))
    }

    /// Counts at 100 classes as published; those of ResNet-8, 14 and 44 follow from the others, as
    /// each further triple of blocks adds 97,216.
    @Test(
        "Every model has the published number of parameters",
        arguments: [
            (CIFARModel.resnet8, 83_892), (.resnet14, 181_108), (.resnet20, 278_324),
            (.resnet32, 472_756), (.resnet44, 667_188), (.resnet56, 861_620),
            (.resnet110, 1_736_564), (.resnet8x4, 1_233_540), (.resnet32x4, 7_433_860),
        ])
    func parameterCounts(_ model: CIFARModel, _ count: Int) {
        #expect(make(model).parameterCount == count)
    }

    @Test(
        "The state dict has the keys of the published checkpoints", arguments: CIFARModel.allCases)
    func keys(_ model: CIFARModel) {
        let keys = make(model).stateDict().map(\.name)
        #expect(Set(keys).count == keys.count)
        #expect(keys.prefix(2) == ["conv1.weight", "bn1.weight"])
        #expect(keys.suffix(2) == ["fc.weight", "fc.bias"])
        #expect(keys.contains("layer2.0.downsample.0.weight"))
        #expect(keys.contains("layer3.0.downsample.1.num_batches_tracked"))
        // The fourfold networks widen already in the first stage.
        #expect(
            keys.contains("layer1.0.downsample.0.weight") == model.rawValue.hasSuffix("x4"))
    }

    @Test(
        "The pyramid has the described widths and strides, whatever the image's size",
        arguments: [CIFARModel.resnet8, .resnet8x4],
        [[32, 32], [64, 64], [24, 40], [33, 19], [8, 8]])
    func pyramid(_ model: CIFARModel, _ size: [Int]) {
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

    @Test("Models are found by name in any case, and others refused with the names that exist")
    func names() throws {
        #expect(try CIFARModel(named: "ResNet32x4") == .resnet32x4)
        let known = CIFARModel.allCases.map(\.rawValue)
        let error = #expect(throws: ModelError.unknown(name: "resnet57", known: known)) {
            try CIFARModel(named: "resnet57")
        }
        #expect(
            error?.description.hasPrefix("model 'resnet57' is unknown; expected one of ") == true)
    }
}

@Suite struct FoldedNetworkTests {
    private let images = Tensor.hashed(4, shape: [2, 3, 16, 16], scale: 1.5, dtype: .float32)

    private func network(_ model: CIFARModel) -> any Backbone {
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
        arguments: [CIFARModel.resnet20, .resnet8x4], [(DType.float32, 1e-4), (.float64, 1e-10)])
    func agrees(_ model: CIFARModel, _ arithmetic: (dtype: DType, tolerance: Double)) {
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

    @Test("A folded network computes in its own type and keeps the shapes")
    func bfloat16() {
        let network = network(.resnet8)
        let found = withoutGrad { everything(network.folded(dtype: .bfloat16).features(images)) }
        let expected = withoutGrad { everything(network.features(images)) }
        #expect(found.map(\.shape) == expected.map(\.shape))
        #expect(found.allSatisfy { $0.dtype == .bfloat16 })
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
