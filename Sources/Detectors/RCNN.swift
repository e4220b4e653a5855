import Torch
import TorchNN
import VisionModels

/// Faster R-CNN, or Mask R-CNN where it has masks: proposes regions, then judges each.
///
/// Names in the state dict are detectron2's. The losses are `rpn_class`, `rpn_box`, `class`, `box` and, with
/// masks, `mask`.
///
/// Reference: Ren et al., *Faster R-CNN*, NeurIPS 2015; He et al., *Mask R-CNN*, ICCV 2017; detectron2,
/// `modeling/meta_arch/rcnn.py`.
public final class RCNN: Detector {
    let backbone: FeaturePyramidNetwork
    let proposalGenerator: ProposalGenerator
    let roiHeads: RegionHeads

    /// All numbers that are not weights.
    public let settings: DetectorSettings

    /// p2 to p6.
    public var levels: [LevelInfo] { backbone.levels }

    /// The names of the losses, in their order.
    public let lossNames: [String]

    /// Makes a detector with fresh weights.
    ///
    /// - Parameters:
    ///   - kind: the bottom-up network.
    ///   - hasMasks: whether it is Mask R-CNN.
    ///   - settings: all numbers that are not weights.
    ///   - generator: the source of the initial weights.
    public init(
        _ kind: BottomUpKind, hasMasks: Bool = false, settings: DetectorSettings,
        generator: Generator
    ) {
        backbone = FeaturePyramidNetwork(
            settings.bottomUp(kind, generator: generator), form: .regions, generator: generator)
        proposalGenerator = ProposalGenerator(
            FeaturePyramidNetwork.width, settings: settings.proposals, generator: generator)
        roiHeads = RegionHeads(
            FeaturePyramidNetwork.width, hasMasks: hasMasks, settings: settings,
            generator: generator)
        self.settings = settings
        lossNames = ["rpn_class", "rpn_box", "class", "box"] + (hasMasks ? ["mask"] : [])
    }

    /// The maps of normalised images.
    public func maps(
        of images: Tensor, by execution: any LayerExecution
    ) -> FeaturePyramidNetwork.Maps {
        timed("backbone") { backbone.maps(of: images, by: execution) }
    }

    /// The steps of one forward pass that learns.
    struct Trace {
        let maps: FeaturePyramidNetwork.Maps
        let proposals: [Proposals]
        let anchors: ProposalGenerator.Lesson
        let regions: RegionHeads.Lesson
    }

    /// One forward pass that learns, step by step.
    func trace(_ images: Tensor, _ targets: [BoxTargets]) -> Trace {
        let execution = LayersAsTheyStand(keepsPreactivations: false)
        let maps = maps(of: images, by: execution)
        let predictions = timed("proposals") {
            proposalGenerator.predictions(maps.levels, by: execution)
        }
        let (anchors, proposals) = timed("proposals") {
            (
                proposalGenerator.learn(predictions, targets),
                proposalGenerator.proposals(
                    predictions, sizes: targets.map(\.size), isTraining: true)
            )
        }
        let regions = timed("heads") {
            roiHeads.learn(maps.levels, proposals, targets, by: execution)
        }
        return Trace(maps: maps, proposals: proposals, anchors: anchors, regions: regions)
    }

    /// The losses, and how often the box head is right.
    ///
    /// A proposal that is infinite or no number makes the loss of the boxes no number, since training has
    /// diverged then.
    public func learn(from images: Tensor, _ targets: [BoxTargets]) -> DetectorLesson {
        let trace = trace(images, targets)
        let regions = trace.regions
        let hasLost = trace.proposals.contains(where: \.hasLost)
        let proposalBox = hasLost ? trace.anchors.box + .nan : trace.anchors.box
        let values =
            [trace.anchors.classification, proposalBox, regions.classification, regions.box]
            + [regions.mask?.loss].compactMap(\.self)
        let accuracy = withoutGrad {
            let hits = regions.logits.argmax(1).isEqual(to: regions.classes)
            return hits.sum().to(.float64) * (100 * Double(targets.count))
                / Double(max(hits.count, 1))
        }
        return DetectorLesson(
            features: trace.maps.pyramid,
            regions: JudgedRegions(
                boxes: regions.samples.map(\.boxes), logits: regions.logits,
                classes: regions.classes),
            losses: Array(zip(lossNames, values)),
            measures: [("region_accuracy", accuracy)])
    }

    /// The objects in pictures, at the network's scale.
    public func detections(
        in images: Tensor, sizes: [ImageSize], by execution: any LayerExecution
    ) -> [Detections] {
        withoutGrad {
            let levels = maps(of: images, by: execution).levels
            let proposals = timed("proposals") {
                proposalGenerator.proposals(
                    proposalGenerator.predictions(levels, by: execution), sizes: sizes,
                    isTraining: false)
            }
            return timed("heads") {
                let judgement = roiHeads.judge(
                    levels, boxes: proposals.map(\.boxes), by: execution)
                return roiHeads.addingMasks(
                    to: roiHeads.detections(judgement, proposals, sizes: sizes), levels,
                    by: execution)
            }
        }
    }
}

extension DetectorSettings {
    /// A bottom-up network with fresh weights.
    func bottomUp(_ kind: BottomUpKind, generator: Generator) -> any BottomUp {
        let usual = norm == .frozen ? kind.frozenParts : 0
        return kind.make(
            norm: norm, frozenParts: frozenParts ?? usual, strideIn1x1: strideIn1x1,
            generator: generator)
    }
}
