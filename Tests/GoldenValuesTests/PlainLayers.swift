import Torch
import TorchNN
import VisionModels

@testable import Distillation

/// Layers by LibTorch's general operators alone, one operator for each layer, as plain PyTorch modules
/// run them: no kernel of our own, nothing fused, nothing folded.
///
/// Under autocast they are PyTorch's autocast on the processor at hand, which is the yardstick for our
/// bfloat16.
final class PlainLayers: LayerExecution {
    let keepsPreactivations = true

    /// A mistake for the yardstick to see: convolutions add up groups of their channels in bfloat16.
    private let sumsInBFloat16: Bool

    init(sumsInBFloat16: Bool = false) { self.sumsInBFloat16 = sumsInBFloat16 }

    func prepare(_ images: Tensor) -> Tensor { images }

    func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        let linear = sumsInBFloat16 ? convolution.inPieces(input) : convolution.plain(input)
        let normal = norm.map { $0.plain(linear) } ?? linear
        let sum = addend.map { normal + $0 } ?? normal
        return relu ? sum.relu() : sum
    }

    func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor {
        relu ? norm.plain(input).relu() : norm.plain(input)
    }

    func classify(_ input: Tensor, _ layer: Linear) -> Tensor {
        input.linear(weight: layer.weight, bias: layer.bias)
    }
}

extension Conv2d {
    fileprivate func plain(_ input: Tensor) -> Tensor {
        input.conv2d(weight: weight, bias: bias, stride: stride, padding: padding, groups: groups)
    }

    fileprivate func inPieces(_ input: Tensor) -> Tensor {
        let channels = weight.size(1)
        guard groups == 1, bias == nil, channels % 8 == 0 else { return plain(input) }
        let pieces = (0..<8).map { piece in
            let part = (piece * channels / 8)..<((piece + 1) * channels / 8)
            return input.narrow(1, part)
                .conv2d(weight: weight.narrow(1, part), stride: stride, padding: padding)
        }
        return pieces.dropFirst().reduce(pieces[0], +)
    }
}

extension ChannelNorm {
    fileprivate func plain(_ input: Tensor) -> Tensor {
        let batch = self as? BatchNorm2d
        return input.batchNorm(
            weight: weight, bias: bias, runningMean: runningMean, runningVar: runningVar,
            training: batch?.training ?? false, momentum: batch?.momentum ?? 0, epsilon: epsilon)
    }
}

extension ReviewModule {
    /// The paper's formulas (section 3.3) with the deepest levels matched, as plain modules compute them.
    func plainPairs(
        student: [Tensor], teacher: [Tensor]
    ) -> [(student: Tensor, teacher: Tensor)] {
        var pairs: [(student: Tensor, teacher: Tensor)] = []
        var deeper: Tensor?
        for (block, (feature, target)) in zip(abfs, zip(student.reversed(), teacher.reversed())) {
            var fused = plain(block.conv1, feature)
            if let former = deeper, let attention = block.attConv.first {
                let enlarged = former.resizedNearest(height: fused.size(2), width: fused.size(3))
                let joined = Tensor.concatenate([fused, enlarged], dimension: 1)
                let maps = attention.plain(joined).sigmoid()
                fused = fused * maps.narrow(1, 0..<1) + enlarged * maps.narrow(1, 1..<2)
            }
            fused = fused.resizedNearest(height: target.size(2), width: target.size(3))
            deeper = fused
            pairs.append((plain(block.conv2, fused), target))
        }
        return pairs.reversed()
    }

    private func plain(_ layers: [any Layer], _ input: Tensor) -> Tensor {
        layers.reduce(input) { input, layer in
            switch layer {
            case let convolution as Conv2d: convolution.plain(input)
            case let norm as BatchNorm2d: norm.plain(input)
            default: preconditionFailure("plainPairs: \(type(of: layer)) is new in ABF")
            }
        }
    }
}

/// The hierarchical context loss with both maps pooled, as its formula says.
func plainContextLoss(_ student: Tensor, _ teacher: Tensor) -> Tensor {
    var loss = student.meanSquaredError(teacher)
    var share = 1.0
    var total = 1.0
    for size in [4, 2, 1] where size < student.size(2) {
        share /= 2
        total += share
        let pooled = (student.adaptiveAveragePool(size), teacher.adaptiveAveragePool(size))
        loss = loss + pooled.0.meanSquaredError(pooled.1) * share
    }
    return loss * (1 / total)
}
