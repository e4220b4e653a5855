import Torch
import TorchNN
import VisionModels

/// The heads that judge regions: what each is, where exactly, and, of Mask R-CNN, which of its pixels.
///
/// Reference: Ren et al., *Faster R-CNN*, NeurIPS 2015; He et al., *Mask R-CNN*, ICCV 2017; detectron2,
/// `modeling/roi_heads/roi_heads.py`, `fast_rcnn.py` and `mask_head.py`.
public final class RegionHeads: Module {
    let boxHead: BoxHead
    let boxPredictor: BoxPredictor
    let maskHead: MaskHead?

    private let settings: RegionSettings
    private let classCount: Int
    private let detectionCount: Int

    /// How many of the pyramid's levels regions are pooled from: p2 to p5.
    private static let levelCount = 4

    /// Makes heads with fresh weights.
    ///
    /// - Parameters:
    ///   - channels: the width of the levels.
    ///   - hasMasks: whether there is a mask head.
    ///   - settings: of the whole detector.
    ///   - generator: the source of the initial weights.
    public init(
        _ channels: Int, hasMasks: Bool, settings: DetectorSettings, generator: Generator
    ) {
        self.settings = settings.regions
        classCount = settings.classCount
        detectionCount = settings.detectionsPerImage
        boxHead = BoxHead(channels, size: settings.regions.boxSize, generator: generator)
        boxPredictor = BoxPredictor(
            BoxHead.width, classCount: settings.classCount, generator: generator)
        maskHead =
            hasMasks
            ? MaskHead(channels, classCount: settings.classCount, generator: generator) : nil
    }

    private func pooler(_ size: Int) -> PyramidPooler {
        PyramidPooler(
            RoIAlign(height: size, width: size, samplingRatio: settings.samplingRatio))
    }

    /// What the box head makes of regions.
    struct Judgement {
        let pooled: Tensor
        let features: Tensor
        let logits: Tensor
        let deltas: Tensor
    }

    /// Judges regions.
    ///
    /// - Parameters:
    ///   - levels: the maps of the pyramid.
    ///   - boxes: the regions of each picture, `[R, 4]`.
    ///   - execution: how the layers are carried out.
    /// - Returns: a row for each region, those of the first picture first.
    func judge(
        _ levels: [Tensor], boxes: [Tensor], by execution: any LayerExecution
    ) -> Judgement {
        let pooled = timed("regions") {
            pooler(settings.boxSize)(Array(levels.prefix(Self.levelCount)), boxes: boxes)
        }
        let features = boxHead(pooled, by: execution)
        let (logits, deltas) = boxPredictor(features, by: execution)
        return Judgement(pooled: pooled, features: features, logits: logits, deltas: deltas)
    }

    // MARK: - Training

    /// What the heads learn from one batch.
    struct Lesson {
        let classification: Tensor
        let box: Tensor
        let mask: MaskLesson?
        let samples: [RegionSample]
        let logits: Tensor

        var classes: Tensor { .concatenate(samples.map(\.classes)) }
    }

    /// What the mask head learns: the loss, and for measures the logits of the truths' classes and the targets.
    struct MaskLesson {
        let loss: Tensor
        let logits: Tensor
        let targets: Tensor
    }

    /// Compares what the heads say of some proposals with truths.
    ///
    /// - Parameters:
    ///   - levels: the maps of the pyramid.
    ///   - proposals: of each picture.
    ///   - targets: of each picture.
    ///   - execution: how the layers are carried out.
    /// - Returns: the losses.
    func learn(
        _ levels: [Tensor], _ proposals: [Proposals], _ targets: [BoxTargets],
        by execution: any LayerExecution
    ) -> Lesson {
        let samples = withoutGrad {
            zip(proposals, targets).map {
                RegionSample.of($0, $1, settings: settings, classCount: classCount)
            }
        }
        let judgement = judge(levels, boxes: samples.map(\.boxes), by: execution)
        let classes = Tensor.concatenate(samples.map(\.classes))
        return Lesson(
            classification: boxClassLoss(judgement.logits, classes: classes),
            box: boxRegressionLoss(
                judgement.deltas, proposals: .concatenate(samples.map(\.boxes)),
                truths: .concatenate(samples.map(\.truthBoxes)), classes: classes,
                classCount: classCount, transform: settings.transform, beta: settings.beta),
            mask: maskHead.map {
                learnMasks($0, levels, samples, targets, by: execution)
            },
            samples: samples, logits: judgement.logits)
    }

    private func learnMasks(
        _ head: MaskHead, _ levels: [Tensor], _ samples: [RegionSample], _ targets: [BoxTargets],
        by execution: any LayerExecution
    ) -> MaskLesson {
        func objects(_ sample: RegionSample, _ part: KeyPath<RegionSample, Tensor>) -> Tensor {
            sample[keyPath: part].narrow(0, 0..<sample.objectCount)
        }
        let boxes = samples.map { objects($0, \.boxes) }
        let classes = Tensor.concatenate(samples.map { objects($0, \.classes) })
        let wanted = zip(samples, targets).map { sample, target in
            maskTargets(
                objects(sample, \.truths).elements(as: Int64.self).map {
                    target.masks[Int($0)]
                }, boxes: objects(sample, \.boxes), size: 2 * settings.maskSize)
        }
        let logits = maskLogits(head, levels, boxes: boxes, by: execution)
        let truth = Tensor.concatenate(wanted)
        return MaskLesson(
            loss: maskLoss(logits, classes: classes, targets: truth), logits: logits,
            targets: truth)
    }

    private func maskLogits(
        _ head: MaskHead, _ levels: [Tensor], boxes: [Tensor], by execution: any LayerExecution
    ) -> Tensor {
        let pooled = timed("regions") {
            pooler(settings.maskSize)(
                Array(levels.prefix(Self.levelCount)), boxes: boxes, format: .channelsLast)
        }
        return head(pooled, by: execution)
    }

    // MARK: - Inference

    /// The detections of each picture at the network's scale, without masks.
    ///
    /// Every pair of region and class whose score suffices is a candidate with a box of its own.
    ///
    /// - Parameters:
    ///   - judgement: of the proposals.
    ///   - proposals: of each picture.
    ///   - sizes: of the pictures without padding.
    /// - Returns: the detections.
    func detections(
        _ judgement: Judgement, _ proposals: [Proposals], sizes: [ImageSize]
    ) -> [Detections] {
        var start = 0
        return zip(proposals, sizes).map { proposal, size in
            let rows = start..<(start + proposal.boxes.size(0))
            start = rows.upperBound
            return detections(
                scores: judgement.logits.narrow(0, rows).softmax(1),
                deltas: judgement.deltas.narrow(0, rows), proposals: proposal.boxes, size: size)
        }
    }

    private func detections(
        scores: Tensor, deltas: Tensor, proposals: Tensor, size: ImageSize
    ) -> Detections {
        let kinds = scores.narrow(1, 0..<classCount)  // [R, K]
        let candidates = kinds.flatten().isGreater(than: settings.scoreThreshold)
            .nonzeroIndices()
        let divisor = Tensor.full([], Double(classCount), dtype: .int64, device: scores.device)
        let regions = candidates.quotient(dividingBy: divisor)
        let classes = candidates.remainder(dividingBy: classCount)
        let boxes = settings.transform.decode(
            deltas.reshape([-1, 4]).select(0, candidates),
            relativeTo: proposals.select(0, regions))
        let known = Boxes.areFinite(boxes).nonzeroIndices()
        let found = Detections(
            size: size, boxes: Boxes.clipped(boxes, to: size),
            scores: kinds.flatten().select(0, candidates), classes: classes
        ).selecting(known)
        let kept = nonMaximumSuppression(
            boxes: found.boxes, scores: found.scores, classes: found.classes,
            threshold: settings.suppressionThreshold)
        return found.selecting(kept.narrow(0, 0..<min(kept.count, detectionCount)))
    }

    /// The same detections with masks, where there is a mask head: pooled again from the detected boxes.
    ///
    /// - Parameters:
    ///   - detections: of each picture, at the network's scale.
    ///   - levels: the maps of the pyramid.
    ///   - execution: how the layers are carried out.
    /// - Returns: the detections.
    func addingMasks(
        to detections: [Detections], _ levels: [Tensor], by execution: any LayerExecution
    ) -> [Detections] {
        guard let maskHead else { return detections }
        let classes = Tensor.concatenate(detections.map(\.classes))
        let logits = maskLogits(maskHead, levels, boxes: detections.map(\.boxes), by: execution)
        let own = logits.gather([.arange(0..<classes.count, device: classes.device), classes])
        let masks = own.sigmoid()  // [K of all pictures, m, m]
        var start = 0
        return detections.map { found in
            let rows = start..<(start + found.count)
            start = rows.upperBound
            return found.with(masks: masks.narrow(0, rows))
        }
    }
}
