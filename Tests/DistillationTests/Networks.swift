import Distillation
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

/// A backbone with a given number of stages that halve the image, for what depends on stages alone.
final class StubBackbone: Backbone {
    let stageInfo: [StageInfo]
    let pooledChannels = 3

    /// Whether its stages ask for more memory than an address space has.
    var isGreedy = false

    init(stages: Int) {
        stageInfo = (0..<stages).map { StageInfo(channels: 3, reduction: 1 << $0) }
    }

    func callAsFunction(_ images: Tensor) -> Tensor { images.mean([2, 3]) }

    func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stages = stageInfo.map {
            isGreedy
                ? Tensor.zeros([1 << 45])
                : images.adaptiveAveragePool(images.size(2) / $0.reduction)
        }
        return FeaturePyramid(
            stem: images, stages: stages, preactivations: stages,
            pooled: images.adaptiveAveragePool(1), logits: self(images))
    }
}

/// A filled network for images of 8×8 pixels and 5 classes.
func smallNetwork(_ model: Architecture = .resnet8, base: Int = 0) -> any Backbone {
    let network = model.make(classCount: 5, generator: Generator(seed: 1))
    network.stateDict().fillWithHash(base: base)
    return network
}

extension Distiller {
    /// The weighted loss of a batch, to go backward from.
    func total(_ batch: Batch<Targets>, at progress: TrainingProgress) -> Tensor {
        losses(batch).total(weights: termWeights(at: progress))
    }
}

let smallImages = Tensor.hashed(1, shape: [4, 3, 8, 8], scale: 1.5, dtype: .float32)
