import Testing
import Torch
import TorchNN
import TorchTestSupport

/// A module with a part of every kind that the tree visits.
private final class Composite: Module {
    @Parameter var scaleFactor: Tensor
    @Parameter("weight_g") var gain = Tensor.ones([2])
    @Parameter var shift: Tensor?
    @Parameter var lateBias: Tensor?
    @Buffer var runningMean: Tensor
    let headConv: Conv2d
    let layer1: [any Layer]
    let norm: BatchNorm2d?
    let absent: Linear?
    let width = 4

    init() {
        let generator = Generator(seed: 0)
        scaleFactor = Tensor.ones([1])
        shift = nil
        runningMean = Tensor.zeros([3])
        headConv = Conv2d(3, 4, kernelSize: 1, bias: false, generator: generator)
        layer1 = [
            Conv2d(4, 4, kernelSize: 3, generator: generator), BatchNorm2d(4),
        ]
        norm = BatchNorm2d(4)
        absent = nil
        lateBias = Tensor.zeros([4])
    }
}

private final class Unmarked: Module {
    let weight = Tensor.ones([1])
}

private final class Hidden: Module {
    let parts: [String: any Layer] = ["norm": BatchNorm2d(1)]
}

/// Keys that are not the properties' names, and modules in two dimensions.
private final class Published: Module {
    let shortCut: Linear
    let blocks: [[Linear]]

    let stateDictKeys = ["shortCut": "shortCut"]

    init() {
        func linear() -> Linear { Linear(1, 1, bias: false, generator: Generator(seed: 0)) }
        shortCut = linear()
        blocks = [[linear()], [linear(), linear()]]
    }
}

@Suite struct ModuleTests {
    @Test("A key can be published otherwise, and modules in two dimensions have two numbers")
    func publishedKeys() {
        #expect(
            Published().stateDict().map(\.name) == [
                "shortCut.weight", "blocks.0.0.weight", "blocks.1.0.weight", "blocks.1.1.weight",
            ])
    }

    @Test("Keys are the properties' names in snake case, in the order of declaration")
    func keys() {
        let batchNorm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        let expected =
            ["scale_factor", "weight_g", "late_bias", "running_mean", "head_conv.weight"]
            + ["layer1.0.weight", "layer1.0.bias"] + batchNorm.map { "layer1.1.\($0)" }
            + batchNorm.map { "norm.\($0)" }
        #expect(Composite().stateDict().map(\.name) == expected)
    }

    @Test("Parameters record gradients and buffers do not, also optional ones")
    func roles() {
        let module = Composite()
        let parameters = module.parameters()
        let trained = Set(parameters.map(\.name))
        #expect(trained.isSuperset(of: ["late_bias", "layer1.0.bias", "norm.bias"]))
        for entry in module.stateDict() {
            #expect(entry.tensor.requiresGrad == trained.contains(entry.name), "\(entry.name)")
        }
        // 1 + 2 + 4 of its own, 12 of the head, 148 + 8 of the layer, 8 of the norm
        #expect(module.parameterCount == 183)
    }

    @Test("Every layer's weights and biases record gradients")
    func layersRecord() {
        let generator = Generator(seed: 0)
        let layers: [any Layer] = [
            Linear(3, 2, generator: generator), Conv2d(3, 2, kernelSize: 1, generator: generator),
            BatchNorm2d(2),
        ]
        for layer in layers {
            let parameters = layer.parameters()
            #expect(parameters.map(\.name) == ["weight", "bias"])
            #expect(parameters.allSatisfy { $0.tensor.requiresGrad })
        }
    }

    @Test("Training mode reaches every batch norm")
    func modes() {
        let module = Composite()
        let norms = [module.layer1[1] as? BatchNorm2d, module.norm]
        module.eval()
        #expect(norms.allSatisfy { $0?.training == false })
        module.train()
        #expect(norms.allSatisfy { $0?.training == true })
    }

    @Test("Conversion reaches every floating-point tensor and leaves counters alone")
    func conversion() {
        let module = Composite()
        module.convert(dtype: .float64, format: .channelsLast)
        for entry in module.stateDict() {
            let isCounter = entry.name.hasSuffix("num_batches_tracked")
            #expect(entry.tensor.dtype == (isCounter ? .int64 : .float64))
        }
        #expect(module.layer1[0].parameters()[0].tensor.isContiguous(.channelsLast))
        #expect(module.parameters().allSatisfy { $0.tensor.requiresGrad })
        module.setRequiresGrad(false)
        #expect(module.parameters().allSatisfy { !$0.tensor.requiresGrad })
    }

    @Test("A tensor that is not marked, or modules in an unknown container, trap")
    func invisibleParts() async {
        await #expect(processExitsWith: .failure) { _ = Unmarked().stateDict() }
        await #expect(processExitsWith: .failure) { _ = Hidden().stateDict() }
    }
}

@Suite struct StateDictTests {
    @Test("What was saved restores the outputs exactly")
    func restored() throws {
        let images = Tensor.hashed(1, shape: [2, 3, 5, 5], dtype: .float32)
        func network(_ seed: UInt64) -> Conv2d {
            Conv2d(3, 4, kernelSize: 3, generator: Generator(seed: seed))
        }
        let saved = network(1)
        let other = network(2)
        try other.load(stateDict: saved.stateDict())
        #expect(other(images).bytes() == saved(images).bytes())
        #expect(other.parameters().allSatisfy { $0.tensor.requiresGrad })
    }

    @Test("Loading names and counts every kind of misfit, and changes nothing")
    func misfits() throws {
        let module = Composite()
        let before = module.stateDict().map { $0.tensor.bytes() }
        var state = module.stateDict().filter { !$0.name.hasPrefix("layer1") }
        state = state.map { entry in
            switch entry.name {
            case "weight_g": NamedTensor(entry.name, Tensor.ones([3]))
            case "norm.bias": NamedTensor(entry.name, Tensor([0, .nan, .infinity, 0] as [Float]))
            case "norm.weight": NamedTensor(entry.name, Tensor.full([4], 7))
            default: entry
            }
        }
        state.append(NamedTensor("classifier.weight", Tensor.ones([1])))
        let error = try #require(throws: StateDictError.self) {
            try module.load(stateDict: state, named: "resnet20")
        }
        #expect(
            error.missing == [
                "layer1.0.weight", "layer1.0.bias", "layer1.1.weight", "layer1.1.bias",
                "layer1.1.running_mean", "layer1.1.running_var",
            ])
        #expect(error.unexpected == ["classifier.weight"])
        #expect(error.misshapen == ["weight_g: expected [2], found [3]"])
        #expect(error.notFinite == ["norm.bias"])
        #expect(
            error.description.hasPrefix(
                "the weights do not fit resnet20: 6 missing, 1 unexpected, 1 wrongly shaped, "
                    + "1 not finite key(s)"))
        #expect(
            error.description.contains(
                "missing: layer1.0.weight, layer1.0.bias, layer1.1.weight, …"))
        #expect(module.stateDict().map { $0.tensor.bytes() } == before)
    }

    /// LibTorch keeps converted copies of weights until the scope ends (findings/torch-autocast-keeps-old-weights.sh).
    @Test("Weights that are loaded, moved or averaged within mixed precision are used at once")
    func weightsWithinAutocast() throws {
        let layer = Conv2d(8, 1, kernelSize: 1, bias: false, generator: Generator(seed: 1))
        let images = Tensor.ones([1, 8, 1, 1])
        func load(_ value: Double) throws {
            try layer.load(stateDict: [NamedTensor("weight", Tensor.ones([1, 8, 1, 1]) * value)])
        }
        try withAutocast(.bfloat16, on: .cpu) {
            for value in [1.0, 2, 3] {
                try load(value)
                #expect(layer(images).sum().item() == 8 * value)
            }
            try load(1)
            let optimizer = SGD(
                layer.stateDict(),
                options: SGD.Options(momentum: 0, weightDecay: 0, nesterov: false))
            // The gradient of a sum of eight ones is one for each weight.
            for weight in [1.0, 0.75, 0.5] {
                let answer = layer(images).sum()
                #expect(answer.item() == 8 * weight)
                answer.backward()
                optimizer.step(learningRate: 0.25)
            }
            let mean = Conv2d(8, 1, kernelSize: 1, bias: false, generator: Generator(seed: 2))
            let average = try WeightAverage(
                of: layer, in: mean, options: WeightAverage.Options(decay: 0))
            #expect(mean(images).sum().item() == 2)
            try load(1)
            average.update(share: Tensor.ones([1]))
            #expect(mean(images).sum().item() == 8)
        }
    }

    @Test("Counters of seen batches may be missing")
    func oldCheckpoints() throws {
        let norm = BatchNorm2d(2)
        let old = norm.stateDict().filter { $0.name != "num_batches_tracked" }
        try norm.load(stateDict: old.map { NamedTensor($0.name, Tensor.ones([2]) + 2) })
        let sums = norm.stateDict().map { ($0.name, $0.tensor.to(.float64).sum().item()) }
        #expect(sums.count == 5)
        #expect(sums.allSatisfy { $0.1 == ($0.0 == "num_batches_tracked" ? 0 : 6) }, "\(sums)")
    }
}
