import Foundation
import Torch
import TorchNN
import VisionModels

/// RetinaNet: judges every anchor of p3 to p7 at once, with the focal loss.
///
/// Both losses, `class` and `box`, are divided by a running mean of the number of anchors with an object in
/// a batch. detectron2 forgets that number when a run is resumed. Here it is part of `runState()`, so that a
/// resumed run is the same.
///
/// Reference: Lin et al., *Focal Loss for Dense Object Detection*, ICCV 2017; detectron2,
/// `modeling/meta_arch/retinanet.py`.
public final class RetinaNet: Detector {
    let backbone: FeaturePyramidNetwork
    let head: RetinaNetHead

    /// All numbers that are not weights.
    public let settings: DetectorSettings

    /// p3 to p7.
    public var levels: [LevelInfo] { backbone.levels }

    /// The names of the losses, in their order.
    public let lossNames = ["class", "box"]

    private let run: RunState

    /// The running mean, a float64 scalar; not a module's buffer, because no file of weights has it.
    private final class RunState {
        let normalizer: Tensor

        init(_ first: Double) { normalizer = Tensor([first], shape: []) }
    }

    /// Makes a detector with fresh weights.
    ///
    /// - Parameters:
    ///   - kind: the bottom-up network.
    ///   - settings: all numbers that are not weights.
    ///   - generator: the source of the initial weights.
    public init(_ kind: BottomUpKind, settings: DetectorSettings, generator: Generator) {
        backbone = FeaturePyramidNetwork(
            settings.bottomUp(kind, generator: generator), form: .dense, generator: generator)
        head = RetinaNetHead(
            FeaturePyramidNetwork.width, settings: settings, generator: generator)
        self.settings = settings
        run = RunState(settings.dense.firstNormalizer)
    }

    /// The running mean of the number of anchors with an object.
    public func runState() -> [NamedTensor] { [NamedTensor("loss_normalizer", run.normalizer)] }

    /// The maps of normalised images.
    public func maps(
        of images: Tensor, by execution: any LayerExecution
    ) -> FeaturePyramidNetwork.Maps {
        timed("backbone") { backbone.maps(of: images, by: execution) }
    }

    /// What anchors are learned to be.
    struct Labels {
        /// Of each picture the class of each anchor, int64 `[A]`: the number of classes for background, −1
        /// where it is ignored.
        let classes: [Tensor]

        /// Of each picture the boxes that the anchors with an object are to become, `[p, 4]`.
        let truths: [Tensor]
    }

    /// The steps of one forward pass that learns.
    struct Trace {
        let maps: FeaturePyramidNetwork.Maps
        let labels: Labels
        let classification: Tensor
        let box: Tensor
        let objectCount: Int
    }

    /// One forward pass that learns, step by step.
    func trace(_ images: Tensor, _ targets: [BoxTargets]) -> Trace {
        let execution = LayersAsTheyStand(keepsPreactivations: false)
        let maps = maps(of: images, by: execution)
        return timed("heads") {
            let predictions = head.predictions(maps.levels, by: execution)
            let anchors = Tensor.concatenate(predictions.anchors(settings.dense.anchors))
            let labels = withoutGrad { self.labels(of: anchors, targets) }
            let classes = Tensor.concatenate(labels.classes)
            let isObject = classes.isAtLeast(0).and(
                classes.isLess(than: Double(settings.classCount)))
            let objects = isObject.nonzeroIndices()
            let normalizer = updateNormalizer(objects.count)
            let logits = predictions.allLogits.reshape([-1, settings.classCount])
            let classLoss = sigmoidFocalLoss(
                logits, classes: classes, alpha: settings.dense.focalAlpha,
                gamma: settings.dense.focalGamma)
            let places = anchors.select(
                0, objects.remainder(dividingBy: anchors.size(0)))
            let boxLoss = smoothL1Sum(
                predictions.allDeltas.reshape([-1, 4]).select(0, objects),
                settings.dense.transform.encode(.concatenate(labels.truths), relativeTo: places),
                beta: settings.dense.beta)
            return Trace(
                maps: maps, labels: labels, classification: classLoss / normalizer,
                box: boxLoss / normalizer, objectCount: objects.count)
        }
    }

    private func labels(of anchors: Tensor, _ targets: [BoxTargets]) -> Labels {
        let labels = targets.map { target -> (classes: Tensor, truths: Tensor) in
            let truths = target.boxes.to(anchors.dtype)
            let matches = settings.dense.matcher.match(truths: truths, predictions: anchors)
            let classes = matches.classes(
                target.classes, background: settings.classCount)
            let objects = matches.labels.isGreater(than: 0).nonzeroIndices()
            return (classes, truths.select(0, matches.truths.select(0, objects)))
        }
        return Labels(classes: labels.map(\.classes), truths: labels.map(\.truths))
    }

    /// Takes a batch into the running mean.
    private func updateNormalizer(_ count: Int) -> Double {
        let momentum = settings.dense.normalizerMomentum
        let next =
            momentum * run.normalizer.item() + (1 - momentum) * Double(max(count, 1))
        withoutGrad { _ = run.normalizer.copy(from: Tensor([next], shape: [])) }
        return next
    }

    /// The losses.
    public func learn(from images: Tensor, _ targets: [BoxTargets]) -> DetectorLesson {
        let trace = trace(images, targets)
        return DetectorLesson(
            features: trace.maps.pyramid, regions: nil,
            losses: Array(zip(lossNames, [trace.classification, trace.box])), measures: [])
    }

    /// The objects in pictures, at the network's scale.
    ///
    /// Of each level the pairs of anchor and class with the best scores become boxes. They are not clipped
    /// before those that overlap are suppressed.
    public func detections(
        in images: Tensor, sizes: [ImageSize], by execution: any LayerExecution
    ) -> [Detections] {
        withoutGrad {
            let levels = maps(of: images, by: execution).levels
            return timed("heads") {
                let predictions = head.predictions(levels, by: execution)
                let anchors = predictions.anchors(settings.dense.anchors)
                let logits = anchors.indices.map(predictions.logitRows)
                let deltas = anchors.indices.map(predictions.deltaRows)
                return sizes.enumerated().map { image, size in
                    let found = anchors.indices.map { level in
                        candidates(
                            anchors[level], logits[level].slice(image),
                            deltas[level].slice(image), size: size)
                    }
                    return chosen(found, size: size)
                }
            }
        }
    }

    /// The best pairs of anchor and class of one level.
    private func candidates(
        _ anchors: Tensor, _ logits: Tensor, _ deltas: Tensor, size: ImageSize
    ) -> Detections {
        let scores = logits.flatten().sigmoid()
        let sure = scores.isGreater(than: settings.dense.scoreThreshold).nonzeroIndices()
        let some = scores.select(0, sure)
        let best = indicesOfLargest(some, atMost: settings.dense.candidatesPerLevel)
        let pairs = sure.select(0, best)
        let divisor = Tensor.full(
            [], Double(settings.classCount), dtype: .int64, device: logits.device)
        let places = pairs.quotient(dividingBy: divisor)
        return Detections(
            size: size,
            boxes: settings.dense.transform.decode(
                deltas.select(0, places), relativeTo: anchors.select(0, places)),
            scores: some.select(0, best),
            classes: pairs.remainder(dividingBy: settings.classCount))
    }

    private func chosen(_ candidates: [Detections], size: ImageSize) -> Detections {
        let found = Detections(
            size: size, boxes: .concatenate(candidates.map(\.boxes)),
            scores: .concatenate(candidates.map(\.scores)),
            classes: .concatenate(candidates.map(\.classes)))
        let kept = nonMaximumSuppression(
            boxes: found.boxes, scores: found.scores, classes: found.classes,
            threshold: settings.dense.suppressionThreshold)
        return found.selecting(
            kept.narrow(0, 0..<min(kept.count, settings.detectionsPerImage)))
    }
}
