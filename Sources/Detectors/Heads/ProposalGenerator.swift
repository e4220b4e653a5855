import Torch
import TorchNN
import VisionModels

/// Regions of one picture that may hold an object, the most likely first.
public struct Proposals: Sendable {
    /// `[P, 4]`.
    public let boxes: Tensor

    /// The logits of being an object, `[P]`.
    public let logits: Tensor

    /// Whether a box or a logit was infinite or no number, and left out.
    public let hasLost: Bool
}

/// The region proposal network: says of every anchor whether there is an object, and where.
///
/// One 3×3 convolution with ReLU and two 1×1 convolutions, the same for all levels.
///
/// Reference: Ren et al., *Faster R-CNN*, NeurIPS 2015, section 3; detectron2,
/// `modeling/proposal_generator/rpn.py` and `proposal_utils.py`.
public final class ProposalGenerator: Module {
    let rpnHead: Head

    private let settings: ProposalSettings

    /// The three convolutions.
    final class Head: Module {
        let conv: Conv2d
        let objectnessLogits: Conv2d
        let anchorDeltas: Conv2d

        init(_ channels: Int, anchorCount: Int, generator: Generator) {
            conv = Conv2d(channels, channels, kernelSize: 3, padding: 1, generator: generator)
            objectnessLogits = Conv2d(channels, anchorCount, kernelSize: 1, generator: generator)
            anchorDeltas = Conv2d(channels, 4 * anchorCount, kernelSize: 1, generator: generator)
            for convolution in [conv, objectnessLogits, anchorDeltas] {
                convolution.fillNormal(deviation: 0.01, generator: generator)
            }
        }
    }

    /// Makes a network with fresh weights.
    ///
    /// - Parameters:
    ///   - channels: the width of the levels.
    ///   - settings: the anchors and everything else.
    ///   - generator: the source of the initial weights.
    public init(_ channels: Int, settings: ProposalSettings, generator: Generator) {
        self.settings = settings
        rpnHead = Head(
            channels, anchorCount: settings.anchors.countPerPlace(level: 0), generator: generator)
    }

    /// What the head says of every anchor.
    ///
    /// - Parameters:
    ///   - levels: the maps, `[N, C, h, w]` each.
    ///   - execution: how the layers are carried out.
    /// - Returns: the logits and boxes.
    public func predictions(
        _ levels: [Tensor], by execution: any LayerExecution
    ) -> DensePredictions {
        let hidden = levels.map { execution.convolve($0, rpnHead.conv, nil, relu: true) }
        return DensePredictions(
            logits: hidden.map { execution.convolve($0, rpnHead.objectnessLogits) },
            deltas: hidden.map { execution.convolve($0, rpnHead.anchorDeltas) }, classCount: 1)
    }

    /// The proposals of each picture, without gradients.
    ///
    /// The most likely anchors of each level become boxes and are clipped, empty ones go, then those that
    /// overlap a likelier one of the same level. The likeliest of all levels are left.
    ///
    /// - Parameters:
    ///   - predictions: of the head.
    ///   - sizes: of the pictures without padding.
    ///   - isTraining: which limits hold.
    /// - Returns: the proposals of each picture.
    public func proposals(
        _ predictions: DensePredictions, sizes: [ImageSize], isTraining: Bool
    ) -> [Proposals] {
        withoutGrad {
            let limits = isTraining ? settings.inTraining : settings.inEvaluation
            let anchors = predictions.anchors(settings.anchors)
            let logits = anchors.indices.map(predictions.logitRows)
            let deltas = anchors.indices.map(predictions.deltaRows)
            return sizes.enumerated().map { image, size in
                let best = anchors.indices.map { level in
                    candidates(
                        anchors[level], logits[level].slice(image).reshape([-1]),
                        deltas[level].slice(image), level: level, limits.beforeSuppression)
                }
                return chosen(best, size: size, most: limits.afterSuppression)
            }
        }
    }

    private struct Candidates {
        let boxes: Tensor
        let logits: Tensor
        let levels: Tensor
    }

    /// The likeliest anchors of one level as boxes.
    private func candidates(
        _ anchors: Tensor, _ logits: Tensor, _ deltas: Tensor, level: Int, _ most: Int
    ) -> Candidates {
        let best = indicesOfLargest(logits, atMost: most)
        return Candidates(
            boxes: settings.transform.decode(
                deltas.select(0, best), relativeTo: anchors.select(0, best)),
            logits: logits.select(0, best),
            levels: .full([best.count], Double(level), dtype: .int64, device: logits.device))
    }

    private func chosen(_ candidates: [Candidates], size: ImageSize, most: Int) -> Proposals {
        let boxes = Tensor.concatenate(candidates.map(\.boxes))
        let logits = Tensor.concatenate(candidates.map(\.logits))
        let levels = Tensor.concatenate(candidates.map(\.levels))
        let isFinite = Boxes.areFinite(boxes).and(logits.isFinite())
        let clipped = Boxes.clipped(boxes, to: size)
        let known = Boxes.areNonempty(clipped, sidesAbove: settings.smallestSide).and(isFinite)
            .nonzeroIndices()
        let some = clipped.select(0, known)
        let someLogits = logits.select(0, known)
        let kept = nonMaximumSuppression(
            boxes: some, scores: someLogits, classes: levels.select(0, known),
            threshold: settings.suppressionThreshold)
        let first = kept.narrow(0, 0..<min(kept.count, most))
        return Proposals(
            boxes: some.select(0, first), logits: someLogits.select(0, first),
            hasLost: isFinite.all().item() != 1)
    }

    /// What the network learns from one batch.
    public struct Lesson {
        /// The cross entropy of being an object.
        public let classification: Tensor

        /// The distance of the boxes.
        public let box: Tensor

        /// The anchors that were drawn, for each picture.
        public let samples: [AnchorSample]
    }

    /// Compares predictions with truths.
    ///
    /// - Parameters:
    ///   - predictions: of the head.
    ///   - targets: of each picture.
    /// - Returns: the losses.
    public func learn(_ predictions: DensePredictions, _ targets: [BoxTargets]) -> Lesson {
        let anchors = Tensor.concatenate(predictions.anchors(settings.anchors))
        let samples = withoutGrad {
            targets.map { target in
                AnchorSample.of(
                    anchors: anchors, truths: target.boxes.to(anchors.dtype),
                    matcher: settings.matcher, sampler: settings.sampler,
                    key: target.key.appending(SamplePurpose.anchors.rawValue))
            }
        }
        let logits = predictions.allLogits
        let losses = proposalLosses(
            logits: logits.reshape([logits.size(0), -1]), deltas: predictions.allDeltas,
            anchors: anchors, samples: samples, transform: settings.transform,
            beta: settings.beta, batchSizePerImage: settings.sampler.count)
        return Lesson(classification: losses.classification, box: losses.box, samples: samples)
    }
}

/// What random numbers are drawn for; the last part of the name of their stream.
enum SamplePurpose: UInt64 {
    case anchors = 0
    case regions = 1
}
