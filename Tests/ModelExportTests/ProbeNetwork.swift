import Torch
import TorchNN
import VisionModels

/// A network whose body a test writes, before a classifier of two classes.
final class ProbeNetwork: Backbone {
    let conv: Conv2d
    let bn: BatchNorm2d
    let fc: Linear

    let stageInfo = [StageInfo(channels: 4, reduction: 1)]
    let pooledChannels = 4

    private let body: (ProbeNetwork, Tensor, any LayerExecution) -> Tensor

    /// Makes a network.
    ///
    /// - Parameter body: from images to a map of four channels.
    init(_ body: @escaping (ProbeNetwork, Tensor, any LayerExecution) -> Tensor) {
        let generator = Generator(seed: 4)
        conv = Conv2d(3, 4, kernelSize: 3, padding: 1, bias: false, generator: generator)
        bn = BatchNorm2d(4)
        fc = Linear(4, 2, generator: generator)
        self.body = body
    }

    func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let map = body(self, execution.prepare(images), execution)
        let pooled = map.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: map, stages: [map], preactivations: [], pooled: pooled,
            logits: execution.classify(pooled: pooled, fc))
    }
}
