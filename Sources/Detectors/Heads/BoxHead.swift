import Torch
import TorchNN
import VisionModels

/// Two fully connected layers with ReLU over a pooled region.
///
/// Reference: Lin et al., *Feature Pyramid Networks*, section 4.2; detectron2,
/// `modeling/roi_heads/box_head.py`.
final class BoxHead: Module {
    let fc1: Linear
    let fc2: Linear

    /// The width of both layers.
    static let width = 1024

    init(_ channels: Int, size: Int, generator: Generator) {
        fc1 = Linear(channels * size * size, Self.width, generator: generator)
        fc2 = Linear(Self.width, Self.width, generator: generator)
        withoutGrad {
            for layer in [fc1, fc2] {
                layer.weight.fillKaimingUniform(slope: 1, generator: generator)
                layer.bias?.fillZero()
            }
        }
    }

    /// `[R, C, size, size]` to `[R, width]`.
    func callAsFunction(_ pooled: Tensor, by execution: any LayerExecution) -> Tensor {
        let first = execution.classify(pooled.flatten(from: 1), fc1).relu()
        return execution.classify(first, fc2).relu()
    }
}

/// What a region is, and where exactly.
final class BoxPredictor: Module {
    let clsScore: Linear
    let bboxPred: Linear

    init(_ features: Int, classCount: Int, generator: Generator) {
        clsScore = Linear(features, classCount + 1, generator: generator)
        bboxPred = Linear(features, 4 * classCount, generator: generator)
        withoutGrad {
            for (layer, deviation) in [(clsScore, 0.01), (bboxPred, 0.001)] {
                layer.weight.fillNormal(deviation: deviation, generator: generator)
                layer.bias?.fillZero()
            }
        }
    }

    /// `[R, features]` to logits `[R, classes + 1]`, background last, and boxes `[R, 4 · classes]`.
    func callAsFunction(
        _ features: Tensor, by execution: any LayerExecution
    ) -> (logits: Tensor, deltas: Tensor) {
        (
            execution.classify(features, clsScore).forLoss,
            execution.classify(features, bboxPred).forLoss
        )
    }
}
