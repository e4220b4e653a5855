import Distillation
import RecipeSyntax
import TorchNN

extension MethodSettings {
    /// The keys beside those of single methods.
    private static let table = RecipeTable(
        blank: MethodSettings(names: [.alone], crossEntropyWeight: 1),
        keys: [
            .required(
                "name", \.names, .methods, "The methods of the loss, joined by `+`."),
            .optional(
                "cross_entropy_weight", \.crossEntropyWeight, .nonNegative,
                standard: "`0.1` for `kd` or `mlkd` by itself, else `1.0`",
                "The factor of the cross-entropy with the labels."),
        ])

    /// The key of the review term's section.
    private static let review = "review"

    /// The keys in the order in which an error lists them.
    private static let known =
        table.names + [review] + Name.allCases.filter { $0.method != nil }.map(\.rawValue)

    /// The published settings of methods, but for the review term.
    ///
    /// - Parameters:
    ///   - names: the methods.
    ///   - use: what they are used for.
    init(published names: [Name], for use: MethodUse) {
        self.init(
            names: names, crossEntropyWeight: [[.kd], [.mlkd]].contains(names) ? 0.1 : 1,
            constants: Dictionary(
                uniqueKeysWithValues: names.compactMap { name in
                    name.method.map { (name, MethodConstants($0, for: use)) }
                }))
    }

    /// Reads a section; what it leaves out is as published for the networks.
    init(_ field: RecipeField, for use: ([Name]) -> MethodUse) throws {
        let section = try RecipeSection(field, known: Self.known)
        let names = try section.required("name", .methods)
        try section.allow(
            Self.table.names + names.map { $0 == .reviewkd ? Self.review : $0.rawValue },
            when: "method.name is \(names.map(\.rawValue).joined(separator: "+"))")
        let use = use(names)
        var settings = Self(published: names, for: use)
        for name in names {
            try section[name.rawValue].map { try settings.constants[name]?.read($0) }
        }
        settings = try Self.table.read(section, from: settings)
        if names.contains(.reviewkd) {
            settings.review =
                section[Self.review] == nil && use.teacher != nil
                ? try ReviewSettings.published(for: use)
                : try section.required(
                    Self.review, .section { try ReviewSettings.table.read($0) })
        }
        self = settings
    }

    /// The values that a resolved recipe writes; methods in the order of the loss's terms.
    var entries: [RecipeEntry] {
        let review = review.map(ReviewSettings.table.entries) ?? []
        return Self.table.entries(of: self) + review.map { $0.within(Self.review) }
            + names.flatMap { name in
                (constants[name]?.entries ?? []).map { $0.within(name.rawValue) }
            }
    }

    /// What the page of keys says, with the constants of a single method between two networks for which
    /// nothing else is published.
    static var rows: [KeyRow] {
        table.rows + ReviewSettings.table.rows.map { $0.within(review) }
            + Name.allCases.compactMap(\.method).flatMap { method in
                let use = MethodUse(
                    names: [method.name], teacher: nil, student: "", epochs: 240)
                return MethodConstants(method, for: use).rows.map { $0.within(method.name) }
            }
    }

    /// The warm-ups that count epochs.
    var warmupEpochs: [Int] {
        var counts = names.flatMap { constants[$0]?.epochCounts ?? [] }
        if case .epochs(let epochs) = review?.term.warmup { counts.insert(epochs, at: 0) }
        return counts
    }
}
