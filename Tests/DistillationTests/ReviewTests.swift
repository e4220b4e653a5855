import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Distillation

@Suite struct ReviewTests {
    private func review(
        _ student: any Backbone, _ teacher: any Backbone, _ options: ReviewOptions = ReviewOptions()
    ) throws -> ReviewModule {
        try ReviewModule(
            student: student.levels, teacher: teacher.levels,
            matching: StageMatching(student: student.levels, teacher: teacher.levels),
            options: options,
            generator: Generator(seed: 2))
    }

    private func distiller(
        _ options: ReviewOptions = ReviewOptions(), also: [any KnowledgeTerm] = [],
        distance: ReviewDistance = .hcl, warmup: Warmup = .none,
        mode: Teacher.BatchNormMode = .frozen
    ) throws -> TaughtStudent<Tensor> {
        let student = smallNetwork()
        let teacher = smallNetwork(.resnet14, base: 5000)
        let term = ReviewKD(
            review: try review(student, teacher, options),
            settings: ReviewKD.Settings(weight: 0.6, warmup: warmup, distance: distance))
        return TaughtStudent(
            student: student, teacher: Teacher(teacher, mode: mode), terms: [term] + also,
            precision: .float32)
    }

    private let batch = Batch(
        images: smallImages, targets: Tensor([0, 1, 2, 3] as [Int64]),
        indices: Tensor.arange(0..<4))

    private func progress(epoch: Int) -> TrainingProgress {
        TrainingProgress(epoch: epoch, step: 0, totalSteps: 10)
    }

    /// Table A.5 of the project's reference: what the authors wrote by hand for each pair.
    @Test(
        "Widths, sizes and parameters of the blocks are the published ones",
        arguments: [
            (
                .resnet56, .resnet20, [16, 32, 64, 64], [16, 32, 64, 64], [32, 16, 8, 1], 64,
                114_278
            ),
            (
                .resnet110, .resnet32, [16, 32, 64, 64], [16, 32, 64, 64], [32, 16, 8, 1], 64,
                114_278
            ),
            (
                .resnet32x4, .resnet8x4, [64, 128, 256, 256], [64, 128, 256, 256],
                [32, 16, 8, 1], 256, 1_808_774
            ),
            (
                .wideResNet40x2, .wideResNet16x2, [32, 64, 128, 128], [32, 64, 128, 128],
                [32, 16, 8, 1], 128, 453_830
            ),
            (
                .wideResNet40x2, .wideResNet40x1, [16, 32, 64, 64], [32, 64, 128, 128],
                [32, 16, 8, 1], 64, 216_006
            ),
            (
                .vgg13, .vgg8, [128, 256, 512, 512, 512], [128, 256, 512, 512, 512],
                [16, 8, 4, 4, 1], 512, 9_847_560
            ),
            (
                .resNet50, .vgg8, [128, 256, 512, 512, 512], [256, 512, 1024, 2048, 2048],
                [32, 16, 8, 4, 1], 512, 28_140_040
            ),
            (
                .vgg13, .mobileNetV2, [12, 16, 48, 160, 1280], [128, 256, 512, 512, 512],
                [16, 8, 4, 4, 1], 512, 9_640_712
            ),
            (
                .resNet50, .mobileNetV2, [12, 16, 48, 160, 1280], [256, 512, 1024, 2048, 2048],
                [32, 16, 8, 4, 1], 512, 27_933_192
            ),
            (
                .wideResNet40x2, .shuffleV1, [240, 480, 960, 960], [32, 64, 128, 128],
                [32, 16, 8, 1], 512, 2_984_646
            ),
            (
                .resnet32x4, .shuffleV1, [240, 480, 960, 960], [64, 128, 256, 256],
                [32, 16, 8, 1], 512, 4_607_366
            ),
            (
                .resnet32x4, .shuffleV2, [116, 232, 464, 1024], [64, 128, 256, 256],
                [32, 16, 8, 1], 512, 4_195_718
            ),
            (
                .imagenetResNet34, .imagenetResNet18, [64, 128, 256, 512, 512],
                [64, 128, 256, 512, 512], [56, 28, 14, 7, 1], 512, 7_552_904
            ),
            (
                .imagenetResNet50, .imagenetMobileNetV1, [128, 256, 512, 1024, 1024],
                [256, 512, 1024, 2048, 2048], [56, 28, 14, 7, 1], 256, 14_338_056
            ),
        ] as [(Architecture, Architecture, [Int], [Int], [Int], Int, Int)])
    func publishedBlocks(
        _ teacher: Architecture, _ student: Architecture, _ inputs: [Int], _ outputs: [Int],
        _ sizes: [Int], _ mid: Int, _ count: Int
    ) throws {
        let networks = [student, teacher].map {
            $0.make(classCount: 100, generator: Generator(seed: 0))
        }
        var options = ReviewOptions()
        // The authors' code has one width for the MobileNet of ImageNet, and a rule for all others.
        if student == .imagenetMobileNetV1 { options.midChannels = mid }
        let module = try review(networks[0], networks[1], options)
        #expect(module.parameterCount == count)
        let convolutions = Dictionary(
            uniqueKeysWithValues: module.parameters().map { ($0.name, $0.tensor.shape) })
        for (index, level) in inputs.indices.reversed().enumerated() {
            #expect(
                convolutions["abfs.\(index).conv1.0.weight"] == [mid, inputs[level], 1, 1])
            #expect(
                convolutions["abfs.\(index).conv2.0.weight"] == [outputs[level], mid, 3, 3])
        }
        let images = Tensor.zeros([2, 3, student.imageSize, student.imageSize])
        let pairs = withoutGrad {
            module(
                student: networks[0].features(images).levels,
                teacher: networks[1].features(images).preactivationLevels)
        }
        #expect(pairs.map(\.student.shape) == zip(outputs, sizes).map { [2, $0, $1, $1] })
        #expect(pairs.map(\.teacher.shape) == pairs.map(\.student.shape))
    }

    /// Table A.7 of the project's reference.
    @Test(
        "The blocks of ImageNet's pairs need the published number of multiply-accumulates",
        arguments: [
            (.imagenetResNet34, .imagenetResNet18, 512, 1937.9),
            (.imagenetResNet50, .imagenetMobileNetV1, 256, 3670.1),
        ] as [(Architecture, Architecture, Int, Double)])
    func multiplyAccumulates(
        _ teacher: Architecture, _ student: Architecture, _ mid: Int, _ millions: Double
    ) throws {
        let networks = [student, teacher].map {
            $0.make(classCount: 10, generator: Generator(seed: 0), device: .meta)
        }
        var options = ReviewOptions()
        options.midChannels = mid
        let module = try review(networks[0], networks[1], options)
        // The maps of both networks have the same sizes, and every convolution keeps them.
        let sizes = teacher.facts().levels.reversed().map { $0[2] * $0[3] }
        var count = 0
        for entry in module.parameters() where entry.tensor.rank == 4 {
            let block = try #require(entry.name.split(separator: ".").dropFirst().first)
            count += try entry.tensor.count * sizes[#require(Int(block))]
        }
        #expect(abs(Double(count) / 1e6 - millions) <= 0.051, "\(count)")
    }

    @Test("The student's features are those before the activation where that is asked for")
    func studentPreactivations() throws {
        let student = smallNetwork()
        let teacher = smallNetwork(.resnet14, base: 5000)
        let module = try review(student, teacher)
        func loss(_ student: FeaturePyramid, _ preactivations: Bool) -> Double {
            let term = ReviewKD(
                review: module,
                settings: ReviewKD.Settings(weight: 1, studentPreactivations: preactivations))
            #expect(term.preactivationsOf.contains(.student) == preactivations)
            return term(
                Observation(
                    student: student, teacher: teacher.features(smallImages),
                    classes: batch.targets, indices: batch.indices)
            ).item()
        }
        let features = student.features(smallImages)
        let swapped = FeaturePyramid(
            stem: features.stem, stages: features.preactivations,
            preactivations: features.stages, pooled: features.pooled, logits: features.logits)
        #expect(loss(features, true) == loss(swapped, false))
        #expect(loss(features, false) == loss(swapped, true))
        #expect(loss(features, true) != loss(features, false))
    }

    @Test(
        "The convolutions of a block begin uniform within √(3 / inputs), as Kaiming's with slope 1")
    func initialWeights() {
        let block = AttentionBasedFusion(
            inChannels: 64, midChannels: 96, outChannels: 32, fusion: .abf,
            generator: Generator(seed: 2))
        for entry in block.parameters()
        where ["conv1", "conv2"].contains(where: entry.name.hasPrefix)
            && entry.tensor.shape.count == 4
        {
            let values = entry.tensor.detach().to(.float64).elements(as: Double.self)
            let inputs = Double(entry.tensor.count / entry.tensor.size(0))
            let bound = (3 / inputs).squareRoot()
            let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
            #expect(values.allSatisfy { abs($0) <= bound * 1.000_001 })
            #expect(abs(square * inputs - 1) < 0.05, "\(entry.name)")
        }
    }

    @Test("Blocks are numbered from the deepest, which alone has no attention")
    func keys() throws {
        let keys = try distiller().stateDict().map(\.name)
        #expect(keys.contains("student.layer1.0.conv1.weight"))
        #expect(!keys.contains { $0.hasPrefix("teacher.") })
        let blocks = keys.filter { $0.hasPrefix("abfs.") }
        let norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        let plain =
            ["conv1.0.weight"] + norm.map { "conv1.1.\($0)" } + ["conv2.0.weight"]
            + norm.map { "conv2.1.\($0)" }
        let attention = ["att_conv.0.weight", "att_conv.0.bias"]
        let expected = (0..<4).flatMap { index in
            (plain + (index > 0 ? attention : [])).map { "abfs.\(index).\($0)" }
        }
        #expect(blocks == expected)
    }

    @Test("Features come back from shallow to deep in the teacher's shapes")
    func shapes() throws {
        let student = smallNetwork(.resnet8)
        let teacher = smallNetwork(.resnet8x4)
        let pairs = try review(student, teacher)(
            student: student.features(smallImages).levels,
            teacher: teacher.features(smallImages).preactivationLevels)
        let expected = [[4, 64, 8, 8], [4, 128, 4, 4], [4, 256, 2, 2], [4, 256, 1, 1]]
        #expect(pairs.map(\.student.shape) == expected)
        #expect(pairs.map(\.teacher.shape) == expected)
    }

    @Test("A teacher of another image size is met in its own size")
    func otherSizes() throws {
        let student = smallNetwork()
        let teacher = smallNetwork()
        let large = Tensor.hashed(3, shape: [4, 3, 12, 20], dtype: .float32)
        let pairs = try review(student, teacher)(
            student: student.features(smallImages).levels,
            teacher: teacher.features(large).preactivationLevels)
        #expect(pairs.allSatisfy { $0.student.shape == $0.teacher.shape })
    }

    @Test("Every trainable parameter gets a gradient, and the teacher gets none")
    func gradients() throws {
        let distiller = try distiller(also: [KnowledgeDistillation()])
        distiller.total(batch, at: progress(epoch: 0)).backward()
        for parameter in distiller.trainableParameters {
            #expect(parameter.tensor.grad != nil, "\(parameter.name)")
        }
        let term = try #require(distiller.terms.first as? ReviewKD)
        let pairs = try #require(
            distiller.observe(batch) { _, observation in observation.map(term.pairs(of:)) })
        #expect(pairs.allSatisfy { $0.student.requiresGrad && !$0.teacher.requiresGrad })
    }

    @Test("The parts of the ablation run with the right blocks", arguments: FusionKind.allCases)
    func fusion(_ fusion: FusionKind) throws {
        for (distance, residual) in [(ReviewDistance.hcl, true), (.l2, true), (.l2, false)] {
            var options = ReviewOptions()
            options.fusion = fusion
            options.residual = residual
            options.midChannels = 7
            let distiller = try distiller(options, distance: distance)
            let total = distiller.total(batch, at: progress(epoch: 0))
            total.backward()
            #expect(total.item().isFinite)
            let attentions = distiller.stateDict().filter {
                $0.name.hasSuffix("att_conv.0.weight")
            }
            #expect(attentions.count == (fusion == .abf && residual ? 3 : 0))
            #expect(attentions.allSatisfy { $0.tensor.shape == [2, 14, 1, 1] })
        }
    }

    @Test("Plain fusion adds the deeper feature, and without the residual framework it is not seen")
    func fusedFeatures() throws {
        func shallowest(_ options: ReviewOptions, deepest: Double) throws -> Tensor {
            let network = StubBackbone(stages: 1)
            let blocks = try review(network, network, options)
            blocks.stateDict().fillWithHash(base: 0)
            let level = Tensor.hashed(1, shape: [2, 3, 4, 4], dtype: .float32)
            let deep = Tensor.hashed(2, shape: [2, 3, 1, 1], dtype: .float32) * deepest
            blocks.eval()
            let levels = [level, deep]
            return blocks(student: levels, teacher: levels)[0].student
        }
        var options = ReviewOptions()
        options.fusion = .plain
        // Everything is linear in evaluation, but for the shifts.
        let outputs = try [0, 1, 2].map { try shallowest(options, deepest: $0) }
        expectClose(
            outputs[2] - outputs[1], outputs[1] - outputs[0], relative: 1e-3, absolute: 1e-5)
        #expect(outputs[0].bytes() != outputs[1].bytes())
        options.residual = false
        #expect(
            try shallowest(options, deepest: 0).bytes()
                == shallowest(options, deepest: 1).bytes())
    }

    @Test("Fusion by concatenation is a 1×1 convolution over both maps, the deeper one enlarged")
    func concatenation() throws {
        let block = AttentionBasedFusion(
            inChannels: 3, midChannels: 4, outChannels: 5, fusion: .concat,
            generator: Generator(seed: 1))
        block.eval()
        let feature = Tensor.hashed(1, shape: [2, 3, 8, 8], dtype: .float32)
        let deeper = Tensor.hashed(2, shape: [2, 4, 4, 4], dtype: .float32)
        let fused = block(feature, deeper: deeper, size: (8, 8)).fused
        let state = block.stateDict()
        func tensor(_ name: String) throws -> Tensor {
            try #require(state.first { $0.name == name }).tensor
        }
        // A batch norm that has seen nothing divides by √(1 + ε).
        let own =
            feature.conv2d(weight: try tensor("conv1.0.weight")) * (1 / (1 + 1e-5).squareRoot())
        let both = Tensor.concatenate(
            [own, deeper.resizedNearest(height: 8, width: 8)], dimension: 1)
        let expected = both.conv2d(
            weight: try tensor("concat_conv.0.weight"), bias: try tensor("concat_conv.0.bias"))
        expectClose(fused.detach(), expected.detach(), relative: 1e-4, absolute: 1e-5)
    }

    @Test("The terms are named, weighted and warmed up, and the total is their sum")
    func terms() throws {
        let distiller = try distiller(
            also: [KnowledgeDistillation(.init(temperature: 4, weight: 0.9))], warmup: .epochs(20))
        for (epoch, weight) in [(0, 0.0), (5, 0.15), (20, 0.6)] {
            let losses = distiller.losses(batch)
            #expect(losses.terms.map(\.name) == ["cross_entropy", "review", "kd"])
            let weights = distiller.termWeights(at: progress(epoch: epoch))
            #expect(zip(weights, [1, weight, 0.9]).allSatisfy { abs($0 - $1) < 1e-12 })
            let sum = zip(losses.terms, weights).reduce(0) { $0 + $1.1 * $1.0.value.item() }
            expectClose(losses.total(weights: weights), [sum], relative: 1e-5)
            #expect(losses.measures.map(\.name) == ["top1"])
        }
    }

    @Test("A saved state restores the very same loss, and the optimizer's names are among its keys")
    func restored() throws {
        let first = try distiller(mode: .batch)
        let other = try distiller(mode: .batch)
        _ = first.losses(batch)
        let keys = Set(first.stateDict().map(\.name))
        #expect(keys.isSuperset(of: first.trainableParameters.map(\.name)))
        #expect(keys.contains("teacher.bn1.running_mean"))
        #expect(!keys.contains("teacher.conv1.weight"))
        withoutGrad {
            for entry in first.trainableParameters { _ = entry.tensor.add(Tensor.ones([1])) }
        }
        try other.load(stateDict: first.stateDict())
        #expect(
            first.total(batch, at: progress(epoch: 1)).item()
                == other.total(batch, at: progress(epoch: 1)).item())
        #expect(throws: StateDictError.self) {
            try other.load(stateDict: first.stateDict().filter { !$0.name.hasPrefix("abfs.0") })
        }
    }

    @Test("The student's forward pass is the same with the teacher and alone")
    func logits() throws {
        let distiller = try distiller()
        let alone = TaughtStudent(student: smallNetwork(), precision: .float32)
        try alone.load(stateDict: distiller.stateDict().filter { $0.name.hasPrefix("student.") })
        func logits(_ distiller: TaughtStudent<Tensor>) -> Tensor {
            distiller.observe(batch) { lesson, _ in lesson.features.scores }
        }
        let taught = logits(distiller)
        #expect(taught.requiresGrad)
        #expect(logits(alone).bytes() == taught.bytes())
        #expect(
            alone.stateDict().map { $0.tensor.bytes() }
                == distiller.student.stateDict().map { $0.tensor.bytes() })
    }
}
