import Torch
import VisionModels

/// Something that says of regions of pictures what they show.
public protocol RegionJudge: AnyObject {
    /// What each region shows.
    ///
    /// - Parameters:
    ///   - boxes: the regions of each picture, `[R, 4]` at the network's scale.
    ///   - pyramid: of the same pictures, by the same network.
    /// - Returns: `[regions of all pictures, classes + 1]`, background last; nil where the network judges no
    ///   regions, as RetinaNet.
    func regionLogits(of boxes: [Tensor], in pyramid: FeaturePyramid) -> Tensor?
}

/// The regions that a detector learns from.
public struct JudgedRegions {
    /// The regions of each picture, `[R, 4]` at the network's scale.
    public let boxes: [Tensor]

    /// What the network says of them, `[regions of all pictures, classes + 1]`, background last.
    public let logits: Tensor

    /// What they are, int64; the number of classes for background.
    public let classes: Tensor
}

extension Detector {
    /// By the layers as they stand.
    public func regionLogits(of boxes: [Tensor], in pyramid: FeaturePyramid) -> Tensor? {
        regionLogits(
            of: boxes, in: pyramid, by: LayersAsTheyStand(keepsPreactivations: false))
    }

    /// None.
    public func regionLogits(
        of boxes: [Tensor], in pyramid: FeaturePyramid, by execution: any LayerExecution
    ) -> Tensor? { nil }
}

extension RCNN {
    /// What the box head says of regions.
    public func regionLogits(
        of boxes: [Tensor], in pyramid: FeaturePyramid, by execution: any LayerExecution
    ) -> Tensor? {
        timed("heads") { roiHeads.judge(pyramid.stages, boxes: boxes, by: execution).logits }
    }
}

extension FoldedDetector: RegionJudge {
    /// What the folded copy says of regions.
    public func regionLogits(of boxes: [Tensor], in pyramid: FeaturePyramid) -> Tensor? {
        detector.regionLogits(of: boxes, in: pyramid, by: execution)
    }
}
