import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Detectors

@Suite struct DetectorTests {
    private static let size = ImageSize(height: 64, width: 96)

    private func make(
        _ name: String, _ change: (inout DetectorSettings) -> Void = { _ in }
    ) throws -> any Detector {
        var settings = DetectorSettings()
        settings.proposals.inTraining = .init(beforeSuppression: 100, afterSuppression: 50)
        settings.proposals.inEvaluation = .init(beforeSuppression: 60, afterSuppression: 20)
        change(&settings)
        return try DetectorArchitecture(named: name).make(
            settings: settings, generator: Generator(seed: 3))
    }

    private var images: Tensor { .hashed(4, shape: [2, 3, 64, 96], scale: 2, dtype: .float32) }

    private func targets(seed: UInt64) -> [BoxTargets] {
        (0..<2).map { picture in
            BoxTargets(
                size: Self.size,
                boxes: Tensor([Float(4), 6, 50, 60, 30, 10, 90, 44], shape: [2, 4]),
                classes: Tensor([Int64(3), 0]),
                masks: [
                    .polygons([[4, 6, 50, 6, 50, 60]]), .polygons([[30, 10, 90, 10, 60, 44]]),
                ], key: SampleKey(seed, UInt64(picture)))
        }
    }

    @Test("Detectors are found by name whatever the letter case, and others are named")
    func names() throws {
        #expect(try DetectorArchitecture(named: "Faster_RCNN_r50").name == "faster_rcnn_R50")
        #expect(try DetectorArchitecture(named: "mask_rcnn_mv2").hasMasks)
        #expect(Set(DetectorArchitecture.all.map(\.name)).count == 14)
        #expect(throws: ModelError.self) { try DetectorArchitecture(named: "retinanet_MV2") }
        let error = #expect(throws: ModelError.self) {
            try DetectorArchitecture(named: "faster_rcnn_R51")
        }
        #expect(error?.description.contains("did you mean \"faster_rcnn_R50\"?") == true)
    }

    @Test("The draws of a step follow from the keys of its pictures alone")
    func drawsFollowFromKeys() throws {
        let detector = try make("faster_rcnn_R18")
        func drawn(_ seed: UInt64) throws -> [[Int64]] {
            let trace = try #require(detector as? RCNN).trace(images, targets(seed: seed))
            return trace.anchors.samples.map { $0.negatives.elements(as: Int64.self) }
                + trace.regions.samples.map { $0.truths.elements(as: Int64.self) }
        }
        let first = try drawn(1)
        let second = try drawn(2)
        #expect(try drawn(1) == first)
        #expect(second != first)
        // Two pictures with the same objects do not draw the same.
        #expect(first[0] != first[1])
    }

    @Test(
        "Losses have their names in order, are finite, and reach every parameter that learns",
        arguments: ["mask_rcnn_R18", "mask_rcnn_MV2", "retinanet_R18"])
    func learns(_ name: String) throws {
        let detector = try make(name)
        let lesson = detector.learn(from: images, targets(seed: 1))
        #expect(lesson.losses.map(\.name) == detector.lossNames)
        #expect(lesson.losses.allSatisfy { $0.value.item().isFinite && $0.value.item() > 0 })
        lesson.losses.dropFirst().reduce(lesson.losses[0].value) { $0 + $1.value }.backward()
        for entry in detector.parameters() {
            let learns = entry.tensor.requiresGrad
            #expect((entry.tensor.grad != nil) == learns, "\(entry.name)")
        }
    }

    @Test(
        "With batch norms that learn nothing is frozen, and the names are the same beside counters")
    func learnsFromScratch() throws {
        let frozen = try make("faster_rcnn_R18")
        let batch = try make("faster_rcnn_R18") { $0.norm = .batch }
        #expect(batch.trainableParameters.count == batch.parameters().count)
        let names = batch.stateDict().filter { !$0.isBatchCounter }.map(\.name)
        #expect(names == frozen.stateDict().map(\.name))
        let before = batch.stateDict().first { $0.name.hasSuffix("stem.conv1.norm.running_mean") }
        let mean = try #require(before).tensor
        #expect(norm(mean) == 0)
        batch.train()
        _ = batch.learn(from: images, targets(seed: 1))
        #expect(norm(mean) > 0)
    }

    @Test("RetinaNet's running mean begins at 100, follows the batches, and is no weight")
    func keepsItsNormalizer() throws {
        let detector = try make("retinanet_R18")
        let state = detector.runState()
        #expect(state[0].tensor.item() == 100)
        let trace = try #require(detector as? RetinaNet).trace(images, targets(seed: 1))
        let expected = 90 + 0.1 * Double(trace.objectCount)
        #expect(abs(state[0].tensor.item() - expected) < 1e-9)
        #expect(!detector.stateDict().contains { $0.name.contains("normalizer") })
    }

    @Test("Proposals that are no numbers make a loss no number, and are none in evaluation")
    func noticesDivergence() throws {
        let detector = try make("faster_rcnn_R18")
        let rcnn = try #require(detector as? RCNN)
        let bias = try #require(rcnn.proposalGenerator.rpnHead.anchorDeltas.bias)
        withoutGrad { _ = bias.copy(from: .full(bias.shape, .infinity)) }
        let lesson = detector.learn(from: images, targets(seed: 1))
        #expect(!lesson.losses[1].value.item().isFinite)
        let found = detector.detections(in: images, targets(seed: 1))
        #expect(found.map(\.count) == [0, 0])
    }

    @Test(
        "A folded copy finds what the detector finds, and later changes do not reach it",
        arguments: ["mask_rcnn_R18", "mask_rcnn_MV2", "retinanet_R18"])
    func folds(_ name: String) throws {
        let detector = try make(name) {
            $0.regions.scoreThreshold = 0.012
            $0.dense.scoreThreshold = 0.0101
            $0.detectionsPerImage = 5
        }
        detector.stateDict().filter { $0.name.contains("norm") || $0.name.contains(".1.") }
            .fillWithHash(base: 900)
        detector.convert(dtype: .float64)
        let copy = detector.foldedDetector(dtype: .float64)
        let targets = targets(seed: 1)
        let own = detector.detections(in: images.to(.float64), targets)
        let other = copy.detections(in: images.to(.float64), targets)
        #expect(own.contains { $0.count > 0 })
        for (own, other) in zip(own, other) {
            #expect(own.count == other.count)
            expectClose(other.boxes, own.boxes, relative: 1e-7, absolute: 1e-7)
            expectClose(other.scores, own.scores, relative: 1e-7)
            #expect((own.masks == nil) == (name == "retinanet_R18"))
            if let mine = own.masks, let masks = other.masks {
                expectClose(masks, mine, relative: 1e-7, absolute: 1e-9)
            }
        }
        withoutGrad { for entry in detector.parameters() { entry.tensor.fillZero() } }
        let again = copy.detections(in: images.to(.float64), targets)
        #expect(again.map(\.count) == own.map(\.count))
    }
}
