import Basics
import Foundation
import Testing
import Torch
import TorchNN
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Training

/// A network that looks its logits up under an image's first byte.
private final class LookUp: Backbone {
    let stageInfo: [StageInfo] = []
    let pooledChannels = 1
    private let rows: [[Float]]

    init(_ rows: [[Float]]) { self.rows = rows }

    func callAsFunction(_ images: Tensor) -> Tensor {
        let size = images.size(0)
        let values = images.to(.float32).elements(as: Float.self)
        let stride = values.count / size
        let keys = (0..<size).map { Int(values[$0 * stride].rounded()) }
        return Tensor(keys.flatMap { rows[$0] }, shape: [size, rows[0].count])
    }

    func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        FeaturePyramid(
            stem: images, stages: [], preactivations: [], pooled: nil, logits: self(images))
    }
}

/// A network that asks for more memory than an address space has.
private final class Greedy: Backbone {
    let stageInfo: [StageInfo] = []
    let pooledChannels = 1

    func callAsFunction(_ images: Tensor) -> Tensor {
        Tensor.zeros([images.size(0), 1 << 45]).relu()
    }

    func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        FeaturePyramid(
            stem: images, stages: [], preactivations: [], pooled: nil, logits: self(images))
    }
}

@Suite("Evaluation")
struct EvaluationTests {
    /// In the middle, where a ReLU that makes 0 of what is no number comes behind it.
    @Test(
        "A network with a weight that is no number has no loss",
        arguments: [DType.float32, .bfloat16])
    func brokenWeight(dtype: DType) throws {
        let network = Architecture.resnet8.make(
            classCount: 4, generator: Generator(seed: 3))
        network.eval()
        let images = ImageSet(
            pixels: (0..<3 * 32 * 32).map { UInt8($0 % 251) }, labels: [1], height: 32, width: 32,
            classCount: 4)
        let bytes = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])
        let loader = EvaluationLoader(images, normalization: bytes, batchSize: 1)
        #expect(try evaluate(network, on: loader, dtype: dtype)["loss"]?.isFinite == true)

        let norm = try #require(
            network.stateDict().first { $0.name.hasSuffix("layer1.0.bn1.weight") })
        _ = withoutGrad { norm.tensor.copy(from: norm.tensor * Double.nan) }
        #expect(try evaluate(network, on: loader, dtype: dtype)["loss"]?.isNaN == true)
    }

    @Test(
        "Loss and accuracies are those of a direct calculation, whatever the batch size",
        arguments: [1, 4, 100])
    func handComputed(batchSize: Int) throws {
        let count = 11
        let classes = 8
        let rows: [[Float]] = (0..<count).map { image in
            (0..<classes).map { column -> Float in
                let number = (image * 31 + column * (17 + image * 5)) % 23
                return Float(number) / 4
            }
        }
        let labels = (0..<count).map { UInt8($0 * 3 % classes) }
        let images = ImageSet(
            pixels: (0..<count).flatMap { [UInt8](repeating: UInt8($0), count: 3 * 2 * 2) },
            labels: labels, height: 2, width: 2, classCount: classes)
        let bytes = Normalization(
            mean: [0, 0, 0], deviation: [1.0 / 255, 1.0 / 255, 1.0 / 255])
        let result = try evaluate(
            LookUp(rows),
            on: EvaluationLoader(images, normalization: bytes, batchSize: batchSize))

        var loss = 0.0
        var hits = (top1: 0, top5: 0)
        for (row, label) in zip(rows, labels) {
            let logits = row.map { Double($0) }
            let right = logits[Int(label)]
            loss += log(logits.reduce(0) { $0 + exp($1) }) - right
            let better = logits.count { $0 > right }
            // Equal logits would leave the order open.
            #expect(Set(logits).count == classes)
            hits.top1 += better < 1 ? 1 : 0
            hits.top5 += better < 5 ? 1 : 0
        }
        #expect(result.count == count)
        #expect(abs(try #require(result["loss"]) - loss / Double(count)) < 1e-6)
        #expect(result["top1"] == 100 * Double(hits.top1) / Double(count))
        #expect(result["top5"] == 100 * Double(hits.top5) / Double(count))
        #expect((1..<count).contains(hits.top5) && hits.top1 < hits.top5)
    }

    @Test("What memory does not suffice for is an error that names the batch size")
    func outOfMemory() {
        let images = ImageSet(
            pixels: Array(repeating: 0, count: 3 * 12), labels: [0, 1, 2], height: 2, width: 2,
            classCount: 8)
        let error = #expect(throws: TrainingError.self) {
            try evaluate(
                Greedy(),
                on: EvaluationLoader(images, normalization: .cifar100, batchSize: 2))
        }
        #expect(error?.description.hasPrefix("evaluating 2 images at a time does not fit") == true)
    }

    @Test("The folded network agrees with the network itself, which stays as it was")
    func folding() throws {
        let network = Architecture.resnet8.make(classCount: 10, generator: Generator(seed: 1))
        let images = ImageSet(
            pixels: (0..<(6 * 3 * 16 * 16)).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) },
            labels: [0, 1, 2, 3, 4, 5], height: 16, width: 16, classCount: 10)
        let loader = EvaluationLoader(images, normalization: .cifar100, batchSize: 4)
        network.train()
        let before = network.stateDict().map { $0.tensor.bytes() }
        let result = try evaluate(network, on: loader)
        #expect(network.stateDict().map { $0.tensor.bytes() } == before)
        network.eval()
        var loss = 0.0
        withoutGrad {
            for batch in loader {
                loss +=
                    network(batch.images).crossEntropy(batch.targets).item()
                    * Double(batch.count)
            }
        }
        #expect(abs(try #require(result["loss"]) - loss / 6) < 1e-5)
    }
}
