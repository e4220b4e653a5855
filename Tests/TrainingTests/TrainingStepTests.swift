import Distillation
import Testing
import Torch
import TorchNN
import VisionData
import VisionModels

@testable import Training

/// A student under a teacher on 20 small images: two batches of 8 and one of 4.
private struct Setup {
    let recipe: Recipe
    let loader: TrainingLoader
    let distiller: any Distiller<Tensor>
    let optimizer: SGD

    enum Method: CaseIterable { case review, reviewAndKD, kd, alone }

    init(
        _ method: Method = .review, precision: Precision = .float32, device: Device = .cpu
    ) throws {
        var recipe = try Recipe.load(
            nameOrPath: "demo/student",
            overrides: ["method.review.warmup.fraction=0.7", "method.review.weight=0.6"])
        let kd = KDSettings(temperature: 4, weight: 0.9)
        switch method {
        case .review: break
        case .reviewAndKD: recipe.method.kd = kd
        case .kd:
            recipe.method = MethodSettings(
                name: .kd, crossEntropyWeight: 0.1, review: nil, kd: kd)
        case .alone: recipe = recipe.studentAlone
        }
        self.recipe = recipe
        let images = ImageSet(
            pixels: (0..<(20 * 3 * 16 * 16)).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0) },
            labels: (0..<20).map { $0 % 6 }, height: 16, width: 16, classCount: 6,
            device: device)
        loader = TrainingLoader(
            images, normalization: .cifar100,
            augmentation: Augmentation(cropPadding: 2, flips: true), batchSize: 8, seed: 5)
        let teacher = CIFARModel.resnet14.make(classCount: 6, generator: Generator(seed: 2))
        teacher.convert(device: device, format: .channelsLast)
        let student = try recipe.makeStudent(classCount: 6, device: device)
        distiller = try recipe.makeDistiller(
            student: student, teacherNetwork: teacher, precision: precision)
        optimizer = SGD(distiller.trainableParameters)
    }

    func progress(_ epoch: Int, _ index: Int) -> TrainingProgress {
        TrainingProgress(
            epoch: epoch, step: epoch * loader.batchCount + index,
            totalSteps: 2 * loader.batchCount)
    }

    func makeStep(device: Device = .cpu, usesGraph: Bool = true) throws -> TrainingStep {
        try TrainingStep(
            loader: loader, distiller: distiller, optimizer: optimizer, device: device,
            usesGraph: usesGraph)
    }

    func begin(_ step: TrainingStep, epoch: Int, at index: Int = 0) {
        let schedule = (0..<loader.batchCount).map { index in
            let progress = progress(epoch, index)
            return (rate: recipe.learningRateSchedule.rate(at: progress), progress: progress)
        }
        step.begin(loader.epoch(epoch), at: index, schedule: schedule)
    }

    func bytes() -> [[UInt8]] {
        (distiller.stateDict() + optimizer.stateDict()).map { $0.tensor.bytes() }
    }
}

@Suite("A training step")
struct TrainingStepTests {
    /// The step as it reads in a textbook, with everything known to the host.
    private func train(_ setup: Setup) -> (losses: [[Double]], metrics: [TrainingMetrics]) {
        var losses: [[Double]] = []
        var metrics: [TrainingMetrics] = []
        for epoch in 0..<2 {
            let draws = setup.loader.epoch(epoch)
            var sums = TrainingMetrics()
            for index in 0..<setup.loader.batchCount {
                let (images, labels, positions) = setup.loader.batch(index, of: draws)
                let progress = setup.progress(epoch, index)
                let terms = setup.distiller.losses(
                    Batch(images: images, targets: labels, indices: positions), at: progress)
                terms.total.backward()
                losses.append((terms.terms.map(\.value) + [terms.total]).map { $0.item() })
                setup.optimizer.step(
                    learningRate: setup.recipe.learningRateSchedule.rate(at: progress))
                sums.add(terms, total: terms.total, targets: labels)
            }
            metrics.append(sums)
        }
        return (losses, metrics)
    }

    @Test(
        "that knows only its tables is the step that knows the host, bit for bit",
        arguments: Setup.Method.allCases, Precision.allCases)
    fileprivate func equality(_ method: Setup.Method, precision: Precision) throws {
        let known = try Setup(method, precision: precision)
        let (losses, metrics) = train(known)
        let blind = try Setup(method, precision: precision)
        let step = try blind.makeStep()
        var read: [[Double]] = []
        for epoch in 0..<2 {
            blind.begin(step, epoch: epoch)
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

    @Test("goes on in the middle of an epoch")
    func resumption() throws {
        let whole = try Setup()
        let wholeStep = try whole.makeStep()
        whole.begin(wholeStep, epoch: 1)
        for _ in 0..<3 { try wholeStep.run() }
        let parted = try Setup()
        let firstStep = try parted.makeStep()
        parted.begin(firstStep, epoch: 1)
        try firstStep.run()
        let secondStep = try parted.makeStep()
        parted.begin(secondStep, epoch: 1, at: 1)
        for _ in 0..<2 { try secondStep.run() }
        #expect(
            firstStep.readLosses().map { $0.map(\.value) }
                + secondStep.readLosses().map { $0.map(\.value) }
                == wholeStep.readLosses().map { $0.map(\.value) })
        #expect(parted.bytes() == whole.bytes())
    }

    @Test("with a loss that is no number moves nothing, nor do those after it")
    func notFinite() throws {
        let setup = try Setup()
        let step = try setup.makeStep()
        setup.begin(step, epoch: 0)
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
        let setup = try Setup()
        let step = try setup.makeStep()
        setup.begin(step, epoch: 0)
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
            let setup = try Setup(precision: precision, device: device)
            let step = try setup.makeStep(device: device, usesGraph: usesGraph)
            return try collectingOperatorErrors {
                try (0..<5).flatMap { epoch in
                    setup.begin(step, epoch: epoch)
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
