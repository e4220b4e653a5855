import Distillation
import Torch
import TorchNN
import VisionData
import VisionModels

/// What of the method is taken apart, put in another's place, or moved.
public enum Ablation: String, CaseIterable, Sendable {
    /// Stage i of the student learns from stage j of the teacher alone, for every i and j.
    ///
    /// Each link has a transform of its own and the mean squared error: what the paper's first
    /// observation is about (section 3.1). The student's map is brought to the size of the teacher's as in
    /// the method, by taking the nearest of its places: towards a deeper stage this leaves out most of
    /// them. The last stage of each is its pooled features, a vector.
    case stages

    /// From one stage that teaches one to the whole method (section 4.4 and figure 2, a to d).
    case components

    /// How a stage meets what the deeper ones left.
    case fusion

    /// How features are compared, and over which sizes.
    case distance

    /// The factor of the term, and how it grows at the start.
    case weight

    /// What later papers add to the method, each by itself.
    case additions

    /// One setting of an ablation.
    struct Setting {
        let name: String
        let review: ReviewSettings
    }

    /// A recipe as this ablation begins with it.
    ///
    /// Additions are chosen on images that are held out from training: a tenth of them where the recipe holds out none
    /// and the data set's size is known.
    ///
    /// - Parameter recipe: ReviewKD's of a pair.
    /// - Returns: the whole method.
    package func whole(of recipe: Recipe) -> Recipe {
        var whole = recipe
        if self == .additions, whole.validation.split == 0 {
            whole.validation.split = (recipe.dataset.images.facts?.trainingImages ?? 0) / 10
        }
        return whole
    }

    /// The variants of a recipe, the whole method aside.
    ///
    /// - Parameter whole: ReviewKD's recipe of a pair.
    /// - Returns: the recipes with the names of their settings; nil where the recipe is none of ReviewKD.
    /// - Throws: `ModelError`, or `DistillationError` where the networks cannot be matched.
    package func variants(of whole: Recipe) throws -> [(name: String, recipe: Recipe)]? {
        guard let pair = try whole.pair, let review = whole.method.review else { return nil }
        if self == .additions {
            // Some recipes do not take some of them, and some have them already.
            return Addition.allCases.compactMap { addition in
                (try? addition.added(to: whole)).flatMap { $0 == whole ? nil : $0 }
                    .map { (addition.rawValue, $0) }
            }
        }
        return try settings(of: review, for: pair).filter { $0.review != review }.map { setting in
            var varied = whole
            varied.method.review = setting.review
            return (setting.name, varied)
        }
    }

    private func settings(of review: ReviewSettings, for pair: ModelPair) throws -> [Setting] {
        switch self {
        case .stages: Self.matrix(review, pair)
        case .components: try Self.components(review, pair)
        case .fusion:
            FusionKind.allCases.map { kind in
                Setting(name: kind.rawValue, review: review.with { $0.options.fusion = kind })
            }
        case .distance: Self.distances(review)
        case .weight: Self.weights(review)
        case .additions: []
        }
    }

    private static func matrix(_ review: ReviewSettings, _ pair: ModelPair) -> [Setting] {
        (1...pair.student.levelCount).flatMap { student in
            (1...pair.teacher.levelCount).map { teacher in
                Setting(
                    name: "\(student)-\(teacher)",
                    review: review.links([(student, [teacher])]))
            }
        }
    }

    /// Matched levels count as one stage; the single layer is the deepest map, before pooling.
    private static func components(
        _ review: ReviewSettings, _ pair: ModelPair
    ) throws -> [Setting] {
        func network(_ model: Architecture) -> any Backbone {
            model.make(classCount: 2, generator: Generator(seed: 0), device: .meta)
        }
        let links = try StageMatching(
            student: network(pair.student).levels, teacher: network(pair.teacher).levels
        ).links.map { (student: $0.student + 1, teacher: $0.teacher + 1) }
        let deepestMap = links[links.count - 2]
        func upTo(_ index: Int) -> [Int] { links[...index].map(\.teacher) }
        func framework(_ fusion: FusionKind, _ distance: ReviewDistance) -> ReviewSettings {
            review.with { review in
                review.options.fusion = fusion
                review.term.distance = distance
            }
        }
        return [
            Setting(
                name: "one-layer",
                review: review.links([(deepestMap.student, [deepestMap.teacher])])),
            Setting(
                name: "all-layers", review: review.links(links.map { ($0.student, [$0.teacher]) })),
            Setting(
                name: "one-layer-review",
                review: review.links([(deepestMap.student, upTo(links.count - 2))])),
            Setting(
                name: "all-layers-review",
                review: review.links(
                    links.indices.map { (links[$0].student, upTo($0)) })),
            Setting(name: "residual", review: framework(.plain, .l2)),
            Setting(name: "residual-abf", review: framework(.abf, .l2)),
            Setting(name: "residual-hcl", review: framework(.plain, .hcl)),
            Setting(name: "residual-abf-hcl", review: framework(.abf, .hcl)),
        ]
    }

    private static func distances(_ review: ReviewSettings) -> [Setting] {
        let pyramids = [[1], [2], [4], [4, 2], [4, 2, 1]]
        return [Setting(name: "l2", review: review.with { $0.term.distance = .l2 })]
            + pyramids.map { levels in
                Setting(
                    name: "hcl-" + levels.map(String.init).joined(separator: "-"),
                    review: review.with { $0.term.distance = .hierarchical(levels: levels) })
            }
    }

    private static func weights(_ review: ReviewSettings) -> [Setting] {
        let factors = [0.125, 0.25, 0.5, 1, 2, 4, 8]
        return factors.map { factor in
            let weight = review.term.weight * factor
            return Setting(
                name: "lambda-\(weight)", review: review.with { $0.term.weight = weight })
        }
            + [0, 0.05, 0.1, 0.2, 0.4, 0.8].map { fraction in
                Setting(
                    name: "warmup-\(fraction)",
                    review: review.with { $0.term.warmup = .fraction(fraction) })
            }
    }
}

extension Recipe {
    /// Teacher and student; nil without a teacher.
    ///
    /// - Throws: `ModelError` where one of them is not of the zoo.
    public var pair: ModelPair? {
        get throws {
            try teacher.map {
                ModelPair(
                    try Architecture(named: $0.model), try Architecture(named: student.model))
            }
        }
    }
}

extension Architecture {
    /// How many levels it has, the pooled features included.
    package var levelCount: Int { facts(classCount: 2).levels.count }
}

extension ReviewSettings {
    fileprivate func with(_ change: (inout ReviewSettings) -> Void) -> ReviewSettings {
        var copy = self
        change(&copy)
        return copy
    }

    /// The given links, each with a transform of its own and the mean squared error.
    fileprivate func links(_ links: [(student: Int, teacher: [Int])]) -> ReviewSettings {
        with { review in
            review.stages = links.map { StageMatch(student: $0.student, teacher: $0.teacher) }
            review.options.residual = false
            review.options.fusion = .plain
            review.term.distance = .l2
        }
    }
}
