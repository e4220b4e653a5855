import Torch

/// What is to be found in one picture of a batch.
///
/// Coordinates are pixels of the picture as the network sees it.
public struct BoxTargets: Sendable {
    /// The size of the picture in the batch, without padding.
    public let size: ImageSize

    /// The size of the picture in its file, to which detections are scaled.
    public let originalSize: ImageSize

    /// The boxes of the objects, `[T, 4]`.
    public let boxes: Tensor

    /// Their classes, int64 `[T]`, from 0.
    public let classes: Tensor

    /// Their masks; none where no network asks for them.
    public let masks: [InstanceMask]

    /// Which random numbers are drawn for this picture in this step; a function of the seed, the epoch and
    /// the picture, so that nothing has to be saved and every rank draws the same.
    public let key: SampleKey

    /// Gathers the targets.
    ///
    /// - Parameters:
    ///   - size: of the picture in the batch, without padding.
    ///   - originalSize: of the picture in its file; the same where it is left out.
    ///   - boxes: `[T, 4]`, float32 or float64.
    ///   - classes: int64 `[T]`.
    ///   - masks: one for each box, or none.
    ///   - key: which random numbers are drawn.
    public init(
        size: ImageSize, originalSize: ImageSize? = nil, boxes: Tensor, classes: Tensor,
        masks: [InstanceMask] = [], key: SampleKey = SampleKey()
    ) {
        precondition(
            boxes.isEmptied
                || boxes.size(0) == classes.count
                    && (masks.isEmpty || masks.count == classes.count),
            "BoxTargets: \(boxes.shape) boxes, \(classes.shape) classes, \(masks.count) masks")
        self.size = size
        self.originalSize = originalSize ?? size
        self.boxes = boxes
        self.classes = classes
        self.masks = masks
        self.key = key
    }

    /// Targets of a picture without objects, as for evaluation.
    ///
    /// - Parameters:
    ///   - size: of the picture in the batch, without padding.
    ///   - originalSize: of the picture in its file; the same where it is left out.
    ///   - dtype: the type of coordinates.
    public init(size: ImageSize, originalSize: ImageSize? = nil, dtype: DType = .float32) {
        self.init(
            size: size, originalSize: originalSize, boxes: .zeros([0, 4], dtype: dtype),
            classes: .zeros([0], dtype: .int64))
    }

    /// How many objects there are.
    public var count: Int { classes.count }
}
