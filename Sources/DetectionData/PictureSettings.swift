import Basics
import Detectors

/// How pictures with objects become batches.
///
/// Reference: detectron2, `config/defaults.py`, `INPUT`.
public struct PictureSettings: Sendable, Equatable {
    /// The lengths of the shorter side of which training draws one for each picture, in pixels.
    public var shortEdges = [640, 672, 704, 736, 768, 800]

    /// What the longer side has at most, in pixels.
    public var longestEdge = 1333

    /// The length of the shorter side in evaluation, in pixels.
    public var evaluationShortEdge = 800

    /// The size of all pictures, in training and evaluation, in place of these lengths.
    public var fixedSize: ImageSize?

    /// Whether half of the training pictures, drawn anew, are mirrored.
    public var flips = true

    /// How many pictures an epoch has, taken from passes that follow each other without end; nil for one pass.
    public var imagesPerEpoch: Int?

    /// Whether the networks get their pictures as in the code of ReviewKD's authors, mistakes included.
    public var isFaithful = false

    /// detectron2's settings, with one pass an epoch.
    public init() {}

    /// The size of a training picture.
    func trainingSize(of picture: ImageSize, using random: inout CounterRandom) -> ImageSize {
        let edge = shortEdges.randomElement(using: &random) ?? evaluationShortEdge
        return size(of: picture, shortEdge: edge)
    }

    /// The sizes that a training picture may have, each as often as it is drawn.
    func trainingSizes(of picture: ImageSize) -> [ImageSize] {
        (shortEdges.isEmpty ? [evaluationShortEdge] : shortEdges).map {
            size(of: picture, shortEdge: $0)
        }
    }

    /// The size of a picture in evaluation.
    func evaluationSize(of picture: ImageSize) -> ImageSize {
        size(of: picture, shortEdge: evaluationShortEdge)
    }

    /// At least a pixel, where the reference would make a side of none.
    private func size(of picture: ImageSize, shortEdge: Int) -> ImageSize {
        if let fixedSize { return fixedSize }
        let size = ShortestEdgeResize(shortEdge: shortEdge, longest: longestEdge).size(of: picture)
        return ImageSize(height: max(1, size.height), width: max(1, size.width))
    }

    /// The bytes of the largest picture that there can be.
    var largestByteCount: Int {
        if let fixedSize { return 3 * fixedSize.height * fixedSize.width }
        let short = max(shortEdges.max() ?? 0, evaluationShortEdge)
        return 3 * (min(short, longestEdge) + 1) * (longestEdge + 1)
    }
}
