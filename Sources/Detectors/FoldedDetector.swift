import Torch
import TorchNN
import VisionModels

/// A detector for inference alone: a frozen copy with its norms folded.
public final class FoldedDetector: FeatureExtractor {
    let detector: any Detector
    private let copies: LayerCopies

    /// The levels of the feature pyramid network.
    public var levels: [LevelInfo] { detector.levels }

    /// Freezes a detector as it is now.
    init(_ detector: any Detector, dtype: DType) {
        self.detector = detector
        copies = LayerCopies(dtype: dtype)
        withoutGrad {
            // Its layers are met, and copied, in a pass of no account.
            let size = FeaturePyramidNetwork.divisor
            let blank = Tensor.zeros([1, 3, size, size], dtype: dtype, device: detector.device)
            _ = detector.detections(
                in: blank, sizes: [ImageSize(height: size, width: size)], by: execution)
        }
        copies.isComplete = true
    }

    var execution: FoldedLayers { FoldedLayers(copies, keepsPreactivations: false) }

    /// The pyramid of normalised images, without gradients.
    public func features(_ images: Tensor, keepsPreactivations: Bool) -> FeaturePyramid {
        detector.maps(of: images, by: execution).pyramid
    }

    /// The objects in pictures, in the pictures' original sizes.
    ///
    /// - Parameters:
    ///   - images: normalised and padded, `[N, 3, H, W]`.
    ///   - targets: whose sizes count.
    /// - Returns: the detections of each picture.
    public func detections(in images: Tensor, _ targets: [BoxTargets]) -> [Detections] {
        detector.rescaledDetections(in: images, targets, by: execution)
    }
}
