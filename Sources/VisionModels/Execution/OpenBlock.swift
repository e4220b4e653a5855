import Torch
import TorchNN

/// A block that ends in a ReLU, which can be left to the caller.
package protocol OpenBlock: Module {
    /// The block, before or after its last activation.
    func callAsFunction(
        _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor
}

extension LayerExecution {
    /// The pyramid of stages of blocks over a stem, with the mean of the deepest one classified.
    ///
    /// - Parameters:
    ///   - stem: what comes before the stages.
    ///   - input: what the first stage takes, where it is not the stem itself.
    ///   - stages: the blocks.
    ///   - classifier: the last layer.
    /// - Returns: the pyramid.
    func pyramid(
        stem: Tensor, input: Tensor? = nil, stages: [[any OpenBlock]], classifier: Linear
    ) -> FeaturePyramid {
        var activation = input ?? stem
        var outputs: [Tensor] = []
        var preactivations: [Tensor] = []
        for stage in stages {
            for block in stage.dropLast() { activation = block(activation, relu: true, self) }
            let end = finish { relu in stage[stage.count - 1](activation, relu: relu, self) }
            activation = end.output
            outputs.append(activation)
            preactivations += end.preactivation.map { [$0] } ?? []
        }
        let pooled = activation.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: outputs, preactivations: preactivations, pooled: pooled,
            logits: classify(pooled: pooled, classifier))
    }
}
