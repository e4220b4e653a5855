import Torch
import TorchNN
import VisionModels

/// A feature pyramid network (FPN): maps of one width at strides that double, each with what the deeper
/// ones know.
///
/// From the deepest stage up, each map is a 1×1 convolution of the stage plus the deeper map at twice the
/// size, and a 3×3 convolution of the sum comes out. Detectors of regions have p2 to p5, and p6, which is
/// every second pixel of p5. RetinaNet has p3 to p5, and p6 and p7 by convolutions with stride 2 from the
/// deepest *stage*, with a ReLU between them but none on p6 itself.
///
/// Reference: Lin et al., *Feature Pyramid Networks for Object Detection*, CVPR 2017, section 3; detectron2,
/// `modeling/backbone/fpn.py`.
public final class FeaturePyramidNetwork: Module {
    /// Which levels there are.
    public enum Form: Sendable {
        /// p2 to p6.
        case regions

        /// p3 to p7.
        case dense
    }

    let fpnLateral2: Conv2d?
    let fpnOutput2: Conv2d?
    let fpnLateral3: Conv2d
    let fpnOutput3: Conv2d
    let fpnLateral4: Conv2d
    let fpnOutput4: Conv2d
    let fpnLateral5: Conv2d
    let fpnOutput5: Conv2d
    let topBlock: TopBlock?
    let bottomUp: any BottomUp

    /// The width of every level.
    public static let width = 256

    /// The stride of the deepest map that the top-down path takes, of which height and width of the images
    /// are multiples.
    public static let divisor = 32

    /// The levels, from shallow to deep.
    public let levels: [LevelInfo]

    /// The two convolutions of RetinaNet's deepest levels.
    final class TopBlock: Module {
        let p6: Conv2d
        let p7: Conv2d

        init(_ inChannels: Int, generator: Generator) {
            func convolution(_ from: Int) -> Conv2d {
                Conv2d(
                    from, FeaturePyramidNetwork.width, kernelSize: 3, stride: 2, padding: 1,
                    generator: generator)
            }
            p6 = convolution(inChannels)
            p7 = convolution(FeaturePyramidNetwork.width)
        }
    }

    /// Makes a pyramid over a bottom-up network, with uniform weights and biases of 0.
    ///
    /// - Parameters:
    ///   - bottomUp: the network below.
    ///   - form: which levels there are.
    ///   - generator: the source of the initial weights.
    public init(_ bottomUp: any BottomUp, form: Form, generator: Generator) {
        let widths = bottomUp.stageInfo.map(\.channels)
        func lateral(_ stage: Int) -> Conv2d {
            Conv2d(widths[stage - 2], Self.width, kernelSize: 1, generator: generator)
        }
        func output() -> Conv2d {
            Conv2d(Self.width, Self.width, kernelSize: 3, padding: 1, generator: generator)
        }
        self.bottomUp = bottomUp
        fpnLateral2 = form == .regions ? lateral(2) : nil
        fpnOutput2 = form == .regions ? output() : nil
        fpnLateral3 = lateral(3)
        fpnOutput3 = output()
        fpnLateral4 = lateral(4)
        fpnOutput4 = output()
        fpnLateral5 = lateral(5)
        fpnOutput5 = output()
        topBlock = form == .dense ? TopBlock(widths[3], generator: generator) : nil
        let strides = form == .regions ? [4, 8, 16, 32, 64] : [8, 16, 32, 64, 128]
        levels = strides.map { LevelInfo(channels: Self.width, reduction: $0) }
        for convolution in laterals + outputs + [topBlock?.p6, topBlock?.p7].compactMap(\.self) {
            convolution.fillForPyramid(generator: generator)
        }
    }

    /// From shallow to deep.
    private var laterals: [Conv2d] {
        [fpnLateral2, fpnLateral3, fpnLateral4, fpnLateral5].compactMap(\.self)
    }

    private var outputs: [Conv2d] {
        [fpnOutput2, fpnOutput3, fpnOutput4, fpnOutput5].compactMap(\.self)
    }

    /// The maps of one batch.
    public struct Maps {
        /// The output of the bottom-up network's stem.
        public let stem: Tensor

        /// The outputs of its stages, at strides 4 to 32.
        public let stages: [Tensor]

        /// The levels of the pyramid, from shallow to deep.
        public let levels: [Tensor]

        /// The levels as methods of distillation compare them; none of them has an activation of its own.
        public var pyramid: FeaturePyramid {
            FeaturePyramid(
                stem: stem, stages: levels, preactivations: levels, pooled: nil, logits: nil)
        }
    }

    /// The maps of normalised images.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`; height and width are multiples of 32.
    ///   - execution: how the layers are carried out.
    /// - Returns: the stages and the levels.
    public func maps(of images: Tensor, by execution: any LayerExecution) -> Maps {
        precondition(
            images.size(2) % Self.divisor == 0 && images.size(3) % Self.divisor == 0,
            "FeaturePyramidNetwork: pad images to multiples of \(Self.divisor); \(images.shape)")
        let (stem, stages) = bottomUp.stages(of: images, by: execution)
        var deeper: Tensor?
        var levels: [Tensor] = []
        for (stage, (lateral, output)) in zip(
            stages.suffix(laterals.count), zip(laterals, outputs)
        ).reversed() {
            let enlarged = deeper.map {
                $0.resizedNearest(height: 2 * $0.size(2), width: 2 * $0.size(3))
            }
            let sum = execution.convolve(stage, lateral, adding: enlarged)
            levels.insert(execution.convolve(sum, output), at: 0)
            deeper = sum
        }
        if let topBlock {
            let p6 = execution.convolve(stages[stages.count - 1], topBlock.p6)
            levels += [p6, execution.convolve(p6.relu(), topBlock.p7)]
        } else {
            levels.append(levels[levels.count - 1].maxPool(1, stride: 2))
        }
        return Maps(stem: stem, stages: stages, levels: levels)
    }
}

extension Conv2d {
    /// Fills the weight uniformly with variance 1 / fan in, and the bias with 0, as detectron2 does.
    func fillForPyramid(generator: Generator) {
        withoutGrad {
            weight.fillKaimingUniform(slope: 1, generator: generator)
            bias?.fillZero()
        }
    }

    /// Fills the weight with normal draws, and the bias with one number.
    func fillNormal(deviation: Double, bias value: Double = 0, generator: Generator) {
        withoutGrad {
            weight.fillNormal(deviation: deviation, generator: generator)
            if let bias { bias.fillZero().add(.ones(bias.shape), scale: value) }
        }
    }
}
