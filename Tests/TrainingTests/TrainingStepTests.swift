import Distillation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("A training step")
struct TrainingStepTests {
    /// The step as it reads in a textbook, with everything known to the host.
    private func train(_ setup: TrainingSetup) -> (losses: [[Double]], metrics: [TrainingMetrics]) {
        var losses: [[Double]] = []
        var metrics: [TrainingMetrics] = []
        for epoch in 0..<2 {
            let draws = setup.loader.epoch(epoch)
            var sums = TrainingMetrics()
            for index in 0..<setup.loader.batchCount {
                let batch = setup.loader.batch(index, of: draws)
                let progress = setup.progress(epoch, index)
                let terms = setup.distiller.losses(batch)
                let total = terms.total(weights: setup.distiller.termWeights(at: progress))
                total.backward()
                losses.append((terms.terms.map(\.value) + [total]).map { $0.item() })
                setup.optimizer.step(
                    learningRate: setup.recipe.learningRateSchedule.rate(at: progress))
                sums.add(terms, total: total, count: batch.count)
            }
            metrics.append(sums)
        }
        return (losses, metrics)
    }

    @Test(
        "that knows only its tables is the step that knows the host, bit for bit",
        arguments: TrainingSetup.Method.allCases, Precision.allCases)
    func equality(_ method: TrainingSetup.Method, precision: Precision) throws {
        let known = try TrainingSetup(method, precision: precision)
        let (losses, metrics) = train(known)
        let blind = try TrainingSetup(method, precision: precision)
        let step = try blind.makeStep()
        var read: [[Double]] = []
        for epoch in 0..<2 {
            try blind.begin(step, epoch: epoch)
            for index in 0..<blind.loader.batchCount {
                try collectingOperatorErrors { try step.run() }
                // Once in the middle of an epoch, and at its end.
                if index != 0 { read += step.readLosses().map { $0.map(\.value) } }
            }
            #expect(step.metrics.imageCount == 20)
            #expect(step.metrics.means == metrics[epoch].means)
            step.metrics.reset()
        }
        #expect(read == losses)
        #expect(blind.bytes() == known.bytes())
    }

    /// Two passes through one graph: a kernel that used up what the first pass left would show in the second.
    @Test(
        "takes the teacher's gradients apart so that both together are the whole, whichever kernels compute",
        arguments: Precision.allCases)
    func twoVelocities(_ precision: Precision) throws {
        func velocities(_ dot: Double?) throws -> [NamedTensor] {
            let setup = try TrainingSetup(.reviewAndKD, precision: precision)
            let optimizer = SGD(
                setup.distiller.trainableParameters, options: SGD.Options(dot: dot))
            let step = try TrainingStep(
                source: ResidentBatches(setup.loader), distiller: setup.distiller,
                optimizer: optimizer, device: .cpu, usesGraph: false)
            try setup.begin(step, epoch: 1)
            try step.run()
            return optimizer.stateDict()
        }
        let whole = try velocities(nil)
        let parts = try velocities(0)
        #expect(parts.count == 2 * whole.count)
        for (index, one) in whole.enumerated() {
            let both = parts[index].tensor + parts[whole.count + index].tensor
            let error = relativeError(both, one.tensor)
            #expect(error <= (precision == .float32 ? 1e-5 : 2e-2), "\(one.name)")
        }
    }

    @Test("goes on in the middle of an epoch")
    func resumption() throws {
        let whole = try TrainingSetup()
        let wholeStep = try whole.makeStep()
        try whole.begin(wholeStep, epoch: 1)
        for _ in 0..<3 { try wholeStep.run() }
        let parted = try TrainingSetup()
        let firstStep = try parted.makeStep()
        try parted.begin(firstStep, epoch: 1)
        try firstStep.run()
        let secondStep = try parted.makeStep()
        try parted.begin(secondStep, epoch: 1, at: 1)
        for _ in 0..<2 { try secondStep.run() }
        #expect(
            firstStep.readLosses().map { $0.map(\.value) }
                + secondStep.readLosses().map { $0.map(\.value) }
                == wholeStep.readLosses().map { $0.map(\.value) })
        #expect(parted.bytes() == whole.bytes())
    }

    @Test("with a loss that is no number moves nothing, nor do those after it")
    func notFinite() throws {
        let setup = try TrainingSetup()
        let step = try setup.makeStep()
        try setup.begin(step, epoch: 0)
        try step.run()
        let moved = { setup.optimizer.stateDict().map { $0.tensor.bytes() } }
        let before = moved()
        let weights = setup.distiller.trainableParameters.map { $0.tensor.bytes() }
        let bias = try #require(setup.distiller.student.parameters().last).tensor
        let sound = bias.detach().clone()
        withoutGrad { _ = bias.copy(from: Tensor.full(bias.shape, .infinity)) }
        try step.run()
        withoutGrad { _ = bias.copy(from: sound) }
        try step.run()
        let losses = step.readLosses().map { $0.map(\.value.isFinite) }
        #expect(losses.map { $0.allSatisfy { $0 } } == [true, false, true])
        #expect(moved() == before)
        #expect(setup.distiller.trainableParameters.map { $0.tensor.bytes() } == weights)
    }

    @Test("that does not fit is cut in halves until it does")
    func largestPart() throws {
        var tried: [Int] = []
        let part = try Training.largestPart(of: 100) { count in
            tried.append(count)
            if count > 20 { _ = Tensor.zeros([1 << 45]) }
        }
        #expect(part == 12)
        #expect(tried == [50, 25, 12])
        #expect(try Training.largestPart(of: 3) { _ in _ = Tensor.zeros([1 << 45]) } == nil)
        let setup = try TrainingSetup()
        let step = try setup.makeStep()
        try setup.begin(step, epoch: 0)
        #expect(try step.largestFitting() == 4)
    }
}

@Suite(
    "A training step on a card",
    .enabled(if: Runtime.isBuiltWithCUDA && Runtime.cudaDeviceCount > 0, "needs a card"))
struct TrainingStepOnCardTests {
    @Test("learns as a graph what it learns operator by operator", arguments: Precision.allCases)
    func graph(precision: Precision) throws {
        func losses(usesGraph: Bool) throws -> [Double] {
            let device = Device.cuda(index: 0)
            let setup = try TrainingSetup(precision: precision, device: device)
            let step = try setup.makeStep(device: device, usesGraph: usesGraph)
            return try collectingOperatorErrors {
                try (0..<5).flatMap { epoch in
                    try setup.begin(step, epoch: epoch)
                    for _ in 0..<setup.loader.batchCount { try step.run() }
                    return step.readLosses().flatMap { $0.map(\.value) }
                }
            }
        }
        // Sums of gradients may be taken in any order.
        let tolerance = precision == .float32 ? 1e-3 : 5e-2
        for (graphed, plain) in zip(
            try losses(usesGraph: true), try losses(usesGraph: false))
        {
            #expect(abs(graphed - plain) <= tolerance * abs(plain))
        }
    }
}
