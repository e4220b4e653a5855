import Distillation

/// How the student learns: the terms of its loss.
public struct MethodSettings: Sendable, Equatable {
    /// A method that a recipe can name, alone or joined by `+`.
    public struct Name: RawRepresentable, CaseIterable, Hashable, Sendable {
        /// As recipes write it.
        public let rawValue: String

        /// Cross-entropy with the labels; joined with nothing.
        public static let alone = Name(known: "alone")

        /// Knowledge review: the teacher's features, stage by stage.
        public static let reviewkd = Name(known: "reviewkd")

        /// The name of a method.
        public init<Method: NamedMethod>(_ method: Method.Type) {
            self.init(known: Method.name)
        }

        /// Reads a name; nil where no method has it.
        public init?(rawValue: String) {
            guard let name = Self.allCases.first(where: { $0.rawValue == rawValue }) else {
                return nil
            }
            self = name
        }

        private init(known name: String) { rawValue = name }

        /// All methods: `alone`, those of `DistillationMethods`, and `reviewkd` before what refines it.
        public static let allCases: [Name] =
            [alone] + DistillationMethods.all.map { Name(known: $0.name) } + [reviewkd]
            + DistillationMethods.refinements.map { Name(known: $0.name) }

        /// The methods that a recipe can name by themselves.
        public static let byThemselves: [Name] = allCases.filter { !$0.refinesReview }

        /// The method with its constants; nil for `alone` and `reviewkd`.
        package var method: (any NamedMethod.Type)? {
            (DistillationMethods.all + DistillationMethods.refinements)
                .first { $0.name == rawValue }
        }

        /// Whether it changes the review term and is nothing without it.
        package var refinesReview: Bool {
            DistillationMethods.refinements.contains { $0.name == rawValue }
        }
    }

    /// The methods, in the order of the loss's terms.
    public var names: [Name]

    /// The factor of the cross-entropy with the labels; 0.1 by default for `kd` or `mlkd` by itself, else 1.
    public var crossEntropyWeight: Double

    /// The review term; present exactly with `reviewkd`.
    public var review: ReviewSettings?

    /// The constants of every other method that is named, `alone` excepted.
    public var constants: [Name: MethodConstants]

    /// Gathers the settings.
    public init(
        names: [Name], crossEntropyWeight: Double, review: ReviewSettings? = nil,
        constants: [Name: MethodConstants] = [:]
    ) {
        self.names = names
        self.crossEntropyWeight = crossEntropyWeight
        self.review = review
        self.constants = constants
    }

    /// The names as a recipe has them, `reviewkd+kd`.
    public var name: String { names.map(\.rawValue).joined(separator: "+") }

    /// The constants of a method under their own type; nil where the method is not named, and setting them
    /// then changes nothing.
    public subscript<Method: NamedMethod>(method: Method.Type) -> Method.Settings? {
        get { constants[Name(method)]?[method] }
        set { constants[Name(method)]?[method] = newValue }
    }
}

extension MethodSettings.Name {
    /// Hinton's distillation.
    public static let kd = Self(KnowledgeDistillation.self)
    /// FitNet.
    public static let fitnet = Self(FitNet.self)
    /// Attention transfer.
    public static let at = Self(AttentionTransfer.self)
    /// Similarity-preserving distillation.
    public static let sp = Self(SimilarityPreserving.self)
    /// Relational distillation.
    public static let rkd = Self(RelationalKnowledgeDistillation.self)
    /// Probabilistic transfer.
    public static let pkt = Self(ProbabilisticKnowledgeTransfer.self)
    /// Variational information distillation.
    public static let vid = Self(VariationalInformationDistillation.self)
    /// Contrastive representation distillation.
    public static let crd = Self(ContrastiveRepresentationDistillation.self)
    /// The overhaul of feature distillation.
    public static let ofd = Self(OverhaulDistillation.self)
    /// Decoupled distillation.
    public static let dkd = Self(DecoupledKnowledgeDistillation.self)
    /// Correlations of predictions.
    public static let dist = Self(DIST.self)
    /// Predictions of images, classes and batches.
    public static let mlkd = Self(MultiLevelLogitDistillation.self)
    /// Norm and direction of pooled features.
    public static let nd = Self(NormAndDirection.self)
    /// Entropy weights of the review.
    public static let ea = Self(EntropyWeights.self)
}

extension [MethodSettings.Name] {
    /// Reads `reviewkd+kd`; nil where a name is unknown or stands twice, `alone` is joined, or what refines the
    /// review stands without it.
    public init?(joined text: String) {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        let names = parts.compactMap { MethodSettings.Name(rawValue: String($0)) }
        guard names.count == parts.count, Set(names).count == names.count,
            names.count == 1 || !names.contains(.alone),
            names.contains(.reviewkd) || !names.contains(where: \.refinesReview)
        else { return nil }
        self = names
    }
}
