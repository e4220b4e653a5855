import DetectionData
import Detectors
import Distillation
import RecipeSyntax
import VisionData
import VisionModels

/// How a detector's bottom-up network is made.
public struct BottomUpSettings: Sendable, Equatable {
    /// What its norms do.
    public var norm = BottomUpNorm.frozen

    /// How many of its stem and stages do not learn; nil for what is usual.
    public var frozenParts: Int?

    /// The settings of detectron2.
    public init() {}
}

/// The settings of a network that may be a detector.
protocol DetectorOwner: Sendable {
    /// The model's name.
    var model: String { get }

    /// How its bottom-up network is made.
    var bottomUp: BottomUpSettings { get set }
}

extension DetectorOwner {
    /// The keys that only detectors have.
    static var bottomUpKeys: [RecipeKey<Self>] {
        let all: [RecipeKey<Self>] = [
            .optional(
                "norm", \.bottomUp.norm, .choice,
                "Detectors: whether the norms of the bottom-up network keep their weights and statistics, "
                    + "or learn."),
            .optional(
                "frozen_parts", \.bottomUp.frozenParts, .integer(atLeast: 0, atMost: 5),
                standard: "2 of a residual network with frozen norms, else 0",
                "Detectors: how many parts of the bottom-up network do not learn; the stem is the first."
            ),
        ]
        return all.map { key in
            key.only(
                where: { (try? DetectorArchitecture(named: $0.model)) != nil },
                otherwise: { "\($0.model) is no detector" })
        }
    }
}

extension TeacherSettings: DetectorOwner {}
extension StudentSettings: DetectorOwner {}

extension PictureSettings {
    /// The keys that only pictures with objects have.
    static let keys: [RecipeKey<DatasetSettings>] = all.map { key in
        key.only(where: { $0.images.hasObjects }, otherwise: { "dataset.name is \($0.images)" })
    }

    private static let side = RecipeRule.integer(atLeast: 32, atMost: 8192)

    private static let all: [RecipeKey<DatasetSettings>] = [
        .optional(
            "short_edges", \.pictures.shortEdges, .list(of: side),
            "Detection: the lengths of the shorter side of which training draws one, in pixels."),
        .optional(
            "longest_edge", \.pictures.longestEdge, side,
            "Detection: what the longer side has at most, in pixels."),
        .optional(
            "evaluation_short_edge", \.pictures.evaluationShortEdge, side,
            "Detection: the length of the shorter side in evaluation, in pixels."),
        .optional(
            "fixed_size", \.pictures.fixedSize, .pictureSize, standard: "none",
            "Detection: height and width of all pictures, in place of the lengths above."),
        .optional(
            "images_per_epoch", \.pictures.imagesPerEpoch, .integer(atLeast: 1),
            standard: "all with objects",
            "Detection: the pictures of an epoch, taken from passes that follow each other without end."
        ),
        .optional(
            "faithful", \.pictures.isFaithful, .flag,
            "Detection: whether the networks get their pictures as in the authors' code, where means and "
                + "deviations do not suit them. Else each gets what it was trained on."),
    ]
}

extension RecipeRule where Value == ImageSize {
    /// Two sides as a list.
    fileprivate static let pictureSize: Self = {
        let sides = RecipeRule<[Int]>.list(of: .integer(atLeast: 32, atMost: 8192), count: 2)
        return Self(
            expected: "a height and a width, as `[512, 640]`",
            read: { field in
                try sides.read(field).map { ImageSize(height: $0[0], width: $0[1]) }
            }, text: { "[\($0.height), \($0.width)]" })
    }()
}

extension DetectorSettings {
    /// The constants that a recipe can name.
    static let table = RecipeTable(
        blank: DetectorSettings(),
        keys: [
            .optional(
                "detections_per_image", \.detectionsPerImage, .integer(atLeast: 1),
                "The objects that are found in a picture at most."),
            .optional(
                "proposals_per_level", \.proposals.inTraining.beforeSuppression,
                .integer(atLeast: 1),
                "R-CNN, training: the proposals of a level before suppression."),
            .optional(
                "proposals", \.proposals.inTraining.afterSuppression, .integer(atLeast: 1),
                "R-CNN, training: the proposals of a picture after it."),
            .optional(
                "evaluation_proposals_per_level",
                \.proposals.inEvaluation.beforeSuppression, .integer(atLeast: 1),
                "R-CNN, evaluation: the proposals of a level before suppression."),
            .optional(
                "evaluation_proposals", \.proposals.inEvaluation.afterSuppression,
                .integer(atLeast: 1), "R-CNN, evaluation: the proposals of a picture after it."),
            .optional(
                "anchors_per_image", \.anchorsPerImage, .integer(atLeast: 1),
                "R-CNN: the anchors of a picture that are learned from."),
            .optional(
                "regions_per_image", \.regionsPerImage, .integer(atLeast: 1),
                "R-CNN: the regions of a picture that are learned from."),
            .optional(
                "score_threshold", \.scoreThreshold, .properFraction,
                "The score that a detection exceeds."),
            .optional(
                "dense_beta", \.dense.beta, .nonNegative,
                "RetinaNet: where the parabola of its smooth L1 ends. The authors ran with detectron2's "
                    + "0.1, and detectron2's own recipes have 0."),
        ])

    private var anchorsPerImage: Int {
        get { proposals.sampler.count }
        set {
            proposals.sampler = Sampler(
                count: newValue, positiveFraction: proposals.sampler.positiveFraction)
        }
    }

    private var regionsPerImage: Int {
        get { regions.sampler.count }
        set {
            regions.sampler = Sampler(
                count: newValue, positiveFraction: regions.sampler.positiveFraction)
        }
    }

    /// The score that a detection exceeds, of either family.
    private var scoreThreshold: Double {
        get { regions.scoreThreshold }
        set {
            regions.scoreThreshold = newValue
            dense.scoreThreshold = newValue
        }
    }
}

extension DetectorSettings {
    /// What a recipe can say of them, in one line.
    package var text: String { Self.table.flow(self) }

    /// Reads such a line.
    ///
    /// - Parameters:
    ///   - text: the line.
    ///   - file: where it stands, for errors.
    /// - Throws: `RecipeError` where a value is not valid.
    package init(text: String, file: String) throws {
        self = try Self.table.read(RecipeSource(file: file, text: text, overrides: []).root())
    }
}

extension Recipe {
    /// Refuses what does not go with detectors, and detectors where there is nothing to detect.
    func checkDetection(_ section: RecipeSection) throws {
        for (key, model) in [("student", student.model), ("teacher", teacher?.model)] {
            guard let model else { continue }
            let isDetector = (try? DetectorArchitecture(named: model)) != nil
            guard isDetector == isDetection else {
                throw section.contradiction(
                    key,
                    isDetection
                        ? "\(model) is no detector, which dataset.name \(dataset.images) needs; name one, such "
                            + "as faster_rcnn_R18"
                        : "\(model) is a detector, and dataset.name is \(dataset.images); choose a network that "
                            + "classifies, or the data set coco")
            }
        }
        guard isDetection else { return }
        if validation.split > 0 {
            throw section.contradiction(
                "validation",
                "no images of coco are held out; use files of annotations of their own")
        }
        if averaging != nil { throw section.unused("ema", when: "dataset.name is coco") }
        if labelSmoothing > 0 {
            throw section.unused("label_smoothing", when: "dataset.name is coco")
        }
        try checkDetectionMethod(section)
        let normalizations = [dataset.normalization] + (teacher.map { [$0.normalization] } ?? [])
        if dataset.pictures.isFaithful,
            normalizations.contains(where: { $0.normalization != .imagenet })
        {
            throw section.contradiction(
                "dataset",
                "faithful is true, which decides how pictures are normalised; leave normalization out"
            )
        }
    }

    /// Refuses methods that do not go with these detectors.
    private func checkDetectionMethod(_ section: RecipeSection) throws {
        do {
            try requireMethodForDetectors()
        } catch {
            throw section.contradiction("method", error.description)
        }
    }

    /// Refuses methods that do not go with this recipe's detectors.
    ///
    /// - Throws: `DistillationError.notForDetectors` or `noRegions` with the first of them.
    package func requireMethodForDetectors() throws(DistillationError) {
        for name in method.names where ![.alone, .reviewkd].contains(name) {
            guard let method = name.method as? any DetectionMethod.Type else {
                throw .notForDetectors(
                    method: name.rawValue, known: DistillationMethods.forDetectors.map { $0.name })
            }
            let networks = [("student", student.model), ("teacher", teacher?.model ?? "")]
            let other = networks.first { _, model in
                (try? DetectorArchitecture(named: model))?.judgesRegions == false
            }
            guard method.comparesRegions, let (network, _) = other else { continue }
            throw .noRegions(method: name.rawValue, network: network)
        }
    }
}
