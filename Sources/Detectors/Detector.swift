import Torch
import TorchNN
import VisionModels

/// A network that finds objects in pictures, and learns to from boxes.
///
/// As a `FeatureExtractor` its levels are those of its feature pyramid network, so that methods of
/// distillation compare those.
public protocol Detector: PyramidNetwork, RegionJudge {
    /// All numbers that are not weights.
    var settings: DetectorSettings { get }

    /// The names of the losses, in their order.
    var lossNames: [String] { get }

    /// The maps of normalised images.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`, padded at the right and the bottom to multiples of 32.
    ///   - execution: how the layers are carried out.
    /// - Returns: the maps.
    func maps(of images: Tensor, by execution: any LayerExecution) -> FeaturePyramidNetwork.Maps

    /// One forward pass that learns.
    ///
    /// - Parameters:
    ///   - images: normalised and padded, `[N, 3, H, W]`.
    ///   - targets: of each picture.
    /// - Returns: the maps, and the losses by name.
    func learn(from images: Tensor, _ targets: [BoxTargets]) -> DetectorLesson

    /// The objects in pictures, at the network's scale.
    ///
    /// - Parameters:
    ///   - images: normalised and padded, `[N, 3, H, W]`.
    ///   - sizes: of the pictures without padding.
    ///   - execution: how the layers are carried out.
    /// - Returns: the detections of each picture.
    func detections(
        in images: Tensor, sizes: [ImageSize], by execution: any LayerExecution
    ) -> [Detections]

    /// What regions of pictures show.
    ///
    /// - Parameters:
    ///   - boxes: the regions of each picture, `[R, 4]` at the network's scale.
    ///   - pyramid: of the same pictures, by the same layers.
    ///   - execution: how the layers are carried out.
    /// - Returns: `[regions of all pictures, classes + 1]`, background last; nil where it judges no regions.
    func regionLogits(
        of boxes: [Tensor], in pyramid: FeaturePyramid, by execution: any LayerExecution
    ) -> Tensor?

    /// What of the detector changes in training beside its weights, for an exact continuation.
    func runState() -> [NamedTensor]
}

/// What a detector makes of a batch that it learns from.
public struct DetectorLesson {
    /// What methods of distillation compare.
    public let features: FeaturePyramid

    /// The regions that were judged; nil where the detector judges none.
    public let regions: JudgedRegions?

    /// The losses, each a scalar, in the order of `Detector.lossNames`.
    public let losses: [(name: String, value: Tensor)]

    /// What is counted beside the losses, each as its sum over the pictures.
    public let measures: [(name: String, value: Tensor)]
}

extension Detector {
    /// The pyramid of normalised images; its levels have no activation of their own.
    public func features(_ images: Tensor, keepsPreactivations: Bool) -> FeaturePyramid {
        maps(of: images, by: LayersAsTheyStand(keepsPreactivations: keepsPreactivations)).pyramid
    }

    /// The objects in pictures, in the pictures' original sizes, by the layers as they stand.
    ///
    /// - Parameters:
    ///   - images: normalised and padded, `[N, 3, H, W]`.
    ///   - targets: whose sizes count.
    /// - Returns: the detections of each picture.
    public func detections(in images: Tensor, _ targets: [BoxTargets]) -> [Detections] {
        rescaledDetections(in: images, targets, by: LayersAsTheyStand(keepsPreactivations: false))
    }

    func rescaledDetections(
        in images: Tensor, _ targets: [BoxTargets], by execution: any LayerExecution
    ) -> [Detections] {
        withoutGrad {
            zip(detections(in: images, sizes: targets.map(\.size), by: execution), targets).map {
                $0.rescaled(to: $1.originalSize)
            }
        }
    }

    /// The parameters that learn: those of frozen parts do not.
    public var trainableParameters: [NamedTensor] {
        parameters().filter(\.tensor.requiresGrad)
    }

    /// Nothing.
    public func runState() -> [NamedTensor] { [] }

    /// A frozen copy for inference: norms folded into the convolutions, in a type of choice.
    ///
    /// - Parameter dtype: the type that it computes in; images are converted, boxes are float32 at least.
    /// - Returns: a copy; later changes to this detector do not reach it.
    public func foldedDetector(dtype: DType) -> FoldedDetector {
        FoldedDetector(self, dtype: dtype)
    }

    /// The same, as a teacher takes it.
    public func folded(dtype: DType) -> any FeatureExtractor { foldedDetector(dtype: dtype) }
}
