import Torch
import TorchNN

/// The VGG networks with batch norm, for 32×32 images: five blocks of 3×3 convolutions, between which
/// the map is halved three times (four times where it has 64 pixels or more).
///
/// The first block is the stem, the other four are the stages.
///
/// Reference: Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image
/// Recognition*, ICLR 2015, table 1 (A, B, D, E); VGG-8 is the distillation literature's.
public final class VGG: Backbone {
    let block0: [any Layer]
    let block1: [any Layer]
    let block2: [any Layer]
    let block3: [any Layer]
    let block4: [any Layer]
    let classifier: Linear

    /// The widths of the last four blocks, and their strides for 32×32 images.
    public let stageInfo: [StageInfo]

    /// The width of the last block.
    public var pooledChannels: Int { 512 }

    private static let widths = [64, 128, 256, 512, 512]

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - counts: how many convolutions each of the five blocks has.
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Precondition: there are five counts.
    public init(counts: [Int], classCount: Int, generator: Generator) {
        precondition(counts.count == 5, "VGG: \(counts.count) blocks, expected 5")
        func block(_ index: Int) -> [any Layer] {
            (0..<counts[index]).flatMap { position -> [any Layer] in
                let from = index == 0 ? 3 : Self.widths[index - 1]
                let convolution = Conv2d(
                    position == 0 ? from : Self.widths[index], Self.widths[index], kernelSize: 3,
                    padding: 1, generator: generator)
                let unit: [any Layer] = [convolution, BatchNorm2d(Self.widths[index])]
                // The last ReLU is not the block's, so that its pre-activation can be had.
                return position == counts[index] - 1 ? unit : unit + [ReLU()]
            }
        }
        block0 = block(0)
        block1 = block(1)
        block2 = block(2)
        block3 = block(3)
        block4 = block(4)
        classifier = Linear(512, classCount, generator: generator)
        stageInfo = zip(Self.widths.dropFirst(), [2, 4, 8, 8]).map {
            StageInfo(channels: $0, reduction: $1)
        }
        withoutGrad {
            for case let convolution as Conv2d in [block0, block1, block2, block3, block4].joined()
            {
                convolution.weight.fillKaimingNormal(fan: .output, generator: generator)
                _ = convolution.bias?.fillZero()
            }
            classifier.weight.fillNormal(deviation: 0.01, generator: generator)
            _ = classifier.bias?.fillZero()
        }
    }

    /// The last batch norm of each stage.
    public var stageNorms: [BatchNorm2d]? {
        [block1, block2, block3, block4].compactMap { $0.last as? BatchNorm2d }
    }

    /// The pyramid of normalised images.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let stem = run(block0, execution.prepare(images), relu: true, execution)
        var activation = stem
        var stages: [Tensor] = []
        var preactivations: [Tensor] = []
        let isLarge = images.size(2) >= 64
        for (index, block) in [block1, block2, block3, block4].enumerated() {
            let input = index < 3 || isLarge ? activation.maxPool(2, stride: 2) : activation
            let end = execution.finish { run(block, input, relu: $0, execution) }
            activation = end.output
            stages.append(activation)
            preactivations += end.preactivation.map { [$0] } ?? []
        }
        let pooled = activation.adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stem, stages: stages, preactivations: preactivations, pooled: pooled,
            logits: execution.classify(pooled: pooled, classifier))
    }

    /// A block, before or after its last activation.
    private func run(
        _ block: [any Layer], _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor {
        let units = convolutionUnits(of: block)
        return units.enumerated().reduce(input) { value, unit in
            execution.convolve(
                value, unit.element.convolution, unit.element.norm,
                relu: relu || unit.offset < units.count - 1)
        }
    }
}
