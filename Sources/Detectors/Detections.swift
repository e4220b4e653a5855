import Torch

/// What a detector found in one picture, by falling score.
public struct Detections: Sendable {
    /// The size of the picture that the coordinates belong to.
    public let size: ImageSize

    /// The boxes, `[K, 4]`.
    public let boxes: Tensor

    /// How sure the network is, `[K]` in 0...1.
    public let scores: Tensor

    /// The classes, int64 `[K]`, from 0.
    public let classes: Tensor

    /// How likely each place of a box belongs to the object, `[K, m, m]` in 0...1; nil where the network
    /// has no masks.
    public let masks: Tensor?

    /// Gathers the detections.
    public init(
        size: ImageSize, boxes: Tensor, scores: Tensor, classes: Tensor, masks: Tensor? = nil
    ) {
        self.size = size
        self.boxes = boxes
        self.scores = scores
        self.classes = classes
        self.masks = masks
    }

    /// How many there are.
    public var count: Int { scores.count }

    /// Some of the detections, in the order of `indices`, int64.
    public func selecting(_ indices: Tensor) -> Detections {
        Detections(
            size: size, boxes: boxes.select(0, indices), scores: scores.select(0, indices),
            classes: classes.select(0, indices), masks: masks?.select(0, indices))
    }

    /// The same with masks.
    func with(masks: Tensor) -> Detections {
        Detections(size: size, boxes: boxes, scores: scores, classes: classes, masks: masks)
    }

    /// The same in a picture of another size: scaled along each axis and clipped, without boxes that have
    /// no area then.
    ///
    /// Reference: detectron2, `modeling/postprocessing.py`.
    ///
    /// - Parameter original: the new size.
    /// - Returns: at most as many detections.
    public func rescaled(to original: ImageSize) -> Detections {
        let scaled = Boxes.rescaled(boxes, from: size, to: original)
        return Detections(
            size: original, boxes: scaled, scores: scores, classes: classes, masks: masks
        ).selecting(Boxes.areNonempty(scaled).nonzeroIndices())
    }

    /// The masks as pixels of the whole picture, bool `[K, height, width]`; nil where there are none.
    ///
    /// - Parameter threshold: from which likelihood on a pixel belongs to the object.
    /// - Returns: the pixels.
    public func pixelMasks(threshold: Double = 0.5) -> Tensor? {
        masks.map { pastedMasks($0, boxes: boxes, size: size, threshold: threshold) }
    }
}
