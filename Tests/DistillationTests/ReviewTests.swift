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
            student: student, teacher: teacher,
            matching: StageMatching(student: student, teacher: teacher), options: options,
            generator: Generator(seed: 2))
    }

    private func distiller(
        _ options: ReviewOptions = ReviewOptions(), softTargets: SoftTargets? = nil,
        warmup: Warmup = .none, mode: Teacher.BatchNormMode = .frozen
    ) throws -> ReviewKD {
        let student = smallNetwork()
        let teacher = smallNetwork(.resnet14, base: 5000)
        return ReviewKD(
            student: student, teacher: Teacher(teacher, mode: mode),
            review: try review(student, teacher, options),
            settings: ReviewKD.Settings(
                weight: 0.6, warmup: warmup, distance: options.distance, softTargets: softTargets))
    }

    private let batch = Batch(
        images: smallImages, targets: Tensor([0, 1, 2, 3] as [Int64]),
        indices: Tensor.arange(0..<4))

    private func progress(epoch: Int) -> TrainingProgress {
        TrainingProgress(epoch: epoch, step: 0, totalSteps: 10)
    }

    @Test(
        "The blocks have the published number of parameters",
        arguments: [
            (CIFARModel.resnet20, CIFARModel.resnet56, 114_278), (.resnet32, .resnet110, 114_278),
            (.resnet8x4, .resnet32x4, 1_808_774),
        ])
    func parameterCounts(_ student: CIFARModel, _ teacher: CIFARModel, _ count: Int) throws {
        let networks = [student, teacher].map {
            $0.make(classCount: 100, generator: Generator(seed: 0))
        }
        #expect(try review(networks[0], networks[1]).parameterCount == count)
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
            ReviewModule.Input(
                student: student.features(smallImages).levels,
                teacher: teacher.features(smallImages).preactivationLevels))
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
            ReviewModule.Input(
                student: student.features(smallImages).levels,
                teacher: teacher.features(large).preactivationLevels))
        #expect(pairs.allSatisfy { $0.student.shape == $0.teacher.shape })
    }

    @Test("Every trainable parameter gets a gradient, and the teacher gets none")
    func gradients() throws {
        let distiller = try distiller(softTargets: SoftTargets())
        distiller.losses(batch, at: progress(epoch: 0)).total.backward()
        for parameter in distiller.trainableParameters {
            #expect(parameter.tensor.grad != nil, "\(parameter.name)")
        }
        let pairs = distiller.forward(batch, at: progress(epoch: 0)).pairs
        #expect(pairs.allSatisfy { $0.student.requiresGrad && !$0.teacher.requiresGrad })
    }

    @Test("The parts of the ablation run with the right blocks", arguments: FusionKind.allCases)
    func fusion(_ fusion: FusionKind) throws {
        for (distance, residual) in [(ReviewDistance.hcl, true), (.l2, true), (.l2, false)] {
            var options = ReviewOptions()
            options.fusion = fusion
            options.distance = distance
            options.residual = residual
            options.midChannels = 7
            let distiller = try distiller(options)
            let total = distiller.losses(batch, at: progress(epoch: 0)).total
            total.backward()
            #expect(total.item().isFinite)
            let attentions = distiller.review.stateDict().filter {
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
            return blocks(ReviewModule.Input(student: levels, teacher: levels))[0].student
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

    @Test("The terms are named, weighted and warmed up, and the total is their sum")
    func terms() throws {
        let distiller = try distiller(
            softTargets: SoftTargets(temperature: 4, weight: 0.9), warmup: .epochs(20))
        for (epoch, weight) in [(0, 0.0), (5, 0.15), (20, 0.6)] {
            let losses = distiller.losses(batch, at: progress(epoch: epoch))
            #expect(losses.terms.map(\.name) == ["cross_entropy", "review", "kd"])
            let weights = losses.terms.map(\.weight)
            #expect(zip(weights, [1, weight, 0.9]).allSatisfy { abs($0 - $1) < 1e-12 })
            let sum = losses.terms.reduce(0) { $0 + $1.weight * $1.value.item() }
            expectClose(losses.total, [sum], relative: 1e-5)
            #expect(losses.logits.shape == [4, 5])
        }
    }

    @Test("A saved state restores the very same loss, and the optimizer's names are among its keys")
    func restored() throws {
        let first = try distiller(mode: .batch)
        let other = try distiller(mode: .batch)
        _ = first.losses(batch, at: progress(epoch: 0))
        let keys = Set(first.stateDict().map(\.name))
        #expect(keys.isSuperset(of: first.trainableParameters.map(\.name)))
        #expect(keys.contains("teacher.bn1.running_mean"))
        #expect(!keys.contains("teacher.conv1.weight"))
        withoutGrad {
            for entry in first.trainableParameters { _ = entry.tensor.add(Tensor.ones([1])) }
        }
        try other.load(stateDict: first.stateDict())
        #expect(
            first.losses(batch, at: progress(epoch: 1)).total.item()
                == other.losses(batch, at: progress(epoch: 1)).total.item())
        #expect(throws: StateDictError.self) {
            try other.load(stateDict: first.stateDict().filter { !$0.name.hasPrefix("abfs.0") })
        }
    }

    @Test("A prediction is the student's alone and records no gradients")
    func prediction() throws {
        let distiller = try distiller()
        distiller.student.eval()
        let before = distiller.stateDict().map { $0.tensor.bytes() }
        let logits = distiller.predict(smallImages)
        #expect(!logits.requiresGrad)
        #expect(logits.bytes() == withoutGrad { distiller.student(smallImages).bytes() })
        #expect(distiller.stateDict().map { $0.tensor.bytes() } == before)
    }
}
