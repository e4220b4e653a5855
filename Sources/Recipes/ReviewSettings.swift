import Distillation
import RecipeSyntax
import TorchNN

/// The review term (Chen et al., 2021) and the parts that its ablations replace.
public struct ReviewSettings: Sendable, Equatable {
    /// A student stage and the teacher stages it learns from, both counted from 1 without the stem.
    ///
    /// A recipe says them as people count and group them; the term has a link for each.
    public struct StageMatch: Sendable, Equatable {
        /// The student's stage.
        public var student: Int
        /// The teacher's stages.
        public var teacher: [Int]

        /// The same as links between levels, which count from 0.
        public var links: [StageMatching.Link] {
            teacher.map { StageMatching.Link(student: student - 1, teacher: $0 - 1) }
        }
    }

    /// The term's factor, which the authors choose by pair of networks, its warm-up and its distance.
    public var term: ReviewKD.Settings
    /// How features are reviewed.
    public var options = ReviewOptions()
    /// Which stages are compared; `nil` matches them automatically.
    public var stages: [StageMatch]?

    static let table = RecipeTable(
        blank: ReviewSettings(term: ReviewKD.Settings(weight: 0)),
        keys: [
            .required("weight", \.term.weight, .nonNegative, "The factor of the term in the loss."),
            RecipeKey(
                name: "warmup",
                read: { section, settings in
                    if let warmup = try section.optional("warmup", .flow(Warmup.table)) {
                        settings.term.warmup = warmup
                    }
                },
                entries: {
                    [RecipeEntry(path: "warmup", value: Warmup.table.flow($0.term.warmup))]
                },
                rows: { _ in Warmup.table.rows.map { $0.within("warmup") } }),
            .optional(
                "fusion", \.options.fusion, .choice,
                "How a stage is joined with the deeper ones."),
            distance, levels,
            .optional(
                "residual", \.options.residual, .flag,
                "Whether deeper stages flow into shallower ones, the residual framework."),
            .optional(
                "stages", \.stages, .list(of: .flow(StageMatch.table)),
                standard: "all, matched from the deepest",
                "The stages that are compared, counted from 1 without the stem, as "
                    + "`{student: 1, teacher: [1, 2]}`."),
            .optional(
                "mid_channels", \.options.midChannels,
                .integer(atLeast: 1, atMost: largestWidth),
                standard: "the student's last width, at most 512",
                "The width of the fused features."),
            .optional(
                "student_preactivations", \.term.studentPreactivations, .flag, unwritten: false,
                "Whether the student's features are those before a stage's last activation, as the "
                    + "authors have it on ImageNet."),
        ])
}

extension ReviewSettings {
    private enum Distance: String, CaseIterable { case hcl, l2 }

    private static let sizes = RecipeRule.list(of: .integer(atLeast: 1))

    /// Reads the two keys that make one distance.
    private static let distance = RecipeKey<ReviewSettings>(
        name: "distance",
        read: { section, settings in
            let levels = try section.optional("levels", sizes)
            let name: Distance = try section.optional("distance", .choice) ?? .hcl
            guard name == .hcl else {
                guard levels == nil else {
                    throw section.unused("levels", when: "distance is l2")
                }
                settings.term.distance = .l2
                return
            }
            guard let levels else { return }
            guard zip(levels, levels.dropFirst()).allSatisfy(>) else {
                throw section.contradiction(
                    "levels", "expected falling sizes, found \(levels)")
            }
            settings.term.distance = .hierarchical(levels: levels)
        },
        entries: { settings in
            let name = settings.term.distance.levels == nil ? Distance.l2 : .hcl
            return [RecipeEntry(path: "distance", value: name.rawValue)]
        },
        rows: { _ in
            [
                KeyRow(
                    path: "distance", expected: RecipeRule<Distance>.choice.expected,
                    standard: "`hcl`",
                    meaning: "How features are compared: by the hierarchical context loss, or the "
                        + "mean squared error.")
            ]
        })

    private static let levels = RecipeKey<ReviewSettings>(
        name: "levels",
        read: { _, _ in },
        entries: { settings in
            settings.term.distance.levels.map {
                [RecipeEntry(path: "levels", value: sizes.text($0))]
            } ?? []
        },
        rows: { blank in
            [
                KeyRow(
                    path: "levels", expected: sizes.expected + ", falling",
                    standard: blank.term.distance.levels.map { "`\(sizes.text($0))`" },
                    meaning: "With `hcl`: the sizes to which maps are averaged before they are "
                        + "compared again.")
            ]
        })
}

extension ReviewDistance {
    fileprivate var levels: [Int]? {
        guard case .hierarchical(let levels) = self else { return nil }
        return levels
    }
}

extension Warmup {
    /// One of two keys.
    fileprivate static let table = RecipeTable(
        blank: Warmup.none,
        keys: [
            RecipeKey(
                name: "epochs",
                read: { section, warmup in
                    guard section["fraction"] == nil else { return }
                    warmup = .epochs(try section.required("epochs", .integer(atLeast: 0)))
                },
                entries: {
                    guard case .epochs(let epochs) = $0 else { return [] }
                    return [RecipeEntry(path: "epochs", value: "\(epochs)")]
                },
                rows: { _ in
                    [
                        KeyRow(
                            path: "epochs", expected: RecipeRule.integer(atLeast: 0).expected,
                            standard: "`0`",
                            meaning:
                                "In epoch e, counted from 0, the weight is multiplied by e over "
                                + "this number, at most by 1.")
                    ]
                }),
            RecipeKey(
                name: "fraction",
                read: { section, warmup in
                    guard let fraction = try section.optional("fraction", .fraction) else { return }
                    try section.allow(["fraction"], when: "warmup.fraction is given")
                    warmup = .fraction(fraction)
                },
                entries: {
                    guard case .fraction(let fraction) = $0 else { return [] }
                    return [RecipeEntry(path: "fraction", value: "\(fraction)")]
                },
                rows: { _ in
                    [
                        KeyRow(
                            path: "fraction", expected: RecipeRule.fraction.expected,
                            standard: "none",
                            meaning: "Instead of `epochs`: the share of the run over which the "
                                + "weight grows, step by step.")
                    ]
                }),
        ])
}

extension ReviewSettings.StageMatch {
    fileprivate static let table = RecipeTable(
        blank: Self(student: 0, teacher: []),
        keys: [
            .required("student", \.student, .integer(atLeast: 1), "The student's stage."),
            .required(
                "teacher", \.teacher, .list(of: .integer(atLeast: 1)), "The teacher's stages."),
        ])
}
