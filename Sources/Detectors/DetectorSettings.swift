/// All numbers of a detector that are not weights; the defaults are detectron2's for COCO.
public struct DetectorSettings: Sendable, Equatable {
    /// How many kinds of objects there are.
    public var classCount = 80

    /// What the norms of the bottom-up network do.
    public var norm = BottomUpNorm.frozen

    /// How many of the bottom-up network's stem and stages do not learn; nil for what is usual: 2 for
    /// residual networks with frozen norms, else 0.
    public var frozenParts: Int?

    /// Whether a bottleneck block has its stride in the first 1×1 convolution, as detectron2's have; those that
    /// torchvision trained have it in the 3×3.
    public var strideIn1x1 = true

    /// How many objects are found in a picture at most.
    public var detectionsPerImage = 100

    /// The region proposals of Faster and Mask R-CNN.
    public var proposals = ProposalSettings()

    /// The heads of Faster and Mask R-CNN.
    public var regions = RegionSettings()

    /// RetinaNet's head.
    public var dense = DenseSettings()

    /// The settings of detectron2.
    public init() {}
}

/// How regions are proposed.
public struct ProposalSettings: Sendable, Equatable {
    /// The anchors of each level.
    public var anchors = AnchorGenerator.fasterRCNN

    /// Which overlaps with a truth make an anchor positive or negative.
    public var matcher = Matcher.proposals

    /// How many anchors of a picture are learned from.
    public var sampler = Sampler.proposals

    /// What the head's numbers mean.
    public var transform = BoxTransform.proposals

    /// Where the parabola of smooth L1 ends; 0 for L1.
    public var beta = 0.0

    /// How many proposals a level keeps before suppression, and a picture after it, in training.
    public var inTraining = Limits(beforeSuppression: 2000, afterSuppression: 1000)

    /// The same in evaluation.
    public var inEvaluation = Limits(beforeSuppression: 1000, afterSuppression: 1000)

    /// The largest overlap of two proposals of one level that is let be.
    public var suppressionThreshold = 0.7

    /// The length that both sides of a proposal exceed, in pixels.
    public var smallestSide = 0.0

    /// How many proposals there are at most.
    public struct Limits: Sendable, Equatable {
        /// Of one level of one picture.
        public var beforeSuppression: Int

        /// Of one picture.
        public var afterSuppression: Int

        /// Gathers the limits.
        public init(beforeSuppression: Int, afterSuppression: Int) {
            self.beforeSuppression = beforeSuppression
            self.afterSuppression = afterSuppression
        }
    }

    /// The settings of detectron2.
    public init() {}
}

/// How the regions are judged.
public struct RegionSettings: Sendable, Equatable {
    /// Which overlaps with a truth make a proposal an object.
    public var matcher = Matcher.boxHead

    /// How many proposals of a picture are learned from.
    public var sampler = Sampler.boxHead

    /// What the head's numbers mean.
    public var transform = BoxTransform.boxHead

    /// Where the parabola of smooth L1 ends; 0 for L1.
    public var beta = 0.0

    /// Whether the truths are among the proposals in training.
    public var addsTruths = true

    /// The height and width of a pooled region in the box head.
    public var boxSize = 7

    /// The height and width of a pooled region in the mask head, whose masks are twice as large.
    public var maskSize = 14

    /// How many samples a bin has along an axis; 0 for as many as it has pixels.
    public var samplingRatio = 0

    /// The score that a detection exceeds.
    public var scoreThreshold = 0.05

    /// The largest overlap of two detections of one class that is let be.
    public var suppressionThreshold = 0.5

    /// The settings of detectron2.
    public init() {}
}

/// How RetinaNet judges every anchor.
public struct DenseSettings: Sendable, Equatable {
    /// The anchors of each level.
    public var anchors = AnchorGenerator.retinaNet

    /// Which overlaps with a truth make an anchor an object or background.
    public var matcher = Matcher.retinaNet

    /// What the head's numbers mean.
    public var transform = BoxTransform.proposals

    /// Where the parabola of smooth L1 ends.
    ///
    /// ReviewKD ran with this default of detectron2, whose own configurations of RetinaNet have 0.
    public var beta = 0.1

    /// The weight of objects against background in the focal loss.
    public var focalAlpha = 0.25

    /// The power of the focal loss.
    public var focalGamma = 2.0

    /// The probability of an object that a new head says.
    public var prior = 0.01

    /// What the number of objects in a batch is taken for before the first one.
    public var firstNormalizer = 100.0

    /// The share of the former batches in that number.
    public var normalizerMomentum = 0.9

    /// The score that a detection exceeds.
    public var scoreThreshold = 0.05

    /// How many pairs of anchor and class a level keeps before suppression.
    public var candidatesPerLevel = 1000

    /// The largest overlap of two detections of one class that is let be.
    public var suppressionThreshold = 0.5

    /// The settings of detectron2.
    public init() {}
}
