import Distillation

/// How the student learns: the terms of its loss.
public struct MethodSettings: Sendable, Equatable {
    /// The methods a recipe can name, alone or joined by `+`.
    public enum Name: String, Sendable, CaseIterable {
        /// Cross-entropy with the labels; joined with nothing.
        case alone
        /// Hinton's distillation: the teacher's softened predictions.
        case kd
        /// One stage, regressed on the teacher's.
        case fitnet
        /// Attention transfer: where in the map the features are strong.
        case at
        /// Similarity-preserving: which images of a batch look alike.
        case sp
        /// Relational distillation: distances and angles between images.
        case rkd
        /// Probabilistic transfer: similarities as distributions.
        case pkt
        /// Variational information distillation.
        case vid
        /// Contrastive representation distillation, with a memory.
        case crd
        /// The overhaul of feature distillation: pre-activations with a margin.
        case ofd
        /// Decoupled distillation: true class and others weighed apart.
        case dkd
        /// Correlations of predictions.
        case dist
        /// Knowledge review: the teacher's features, stage by stage.
        case reviewkd
    }

    /// The methods, in the order of the loss's terms.
    public var names: [Name]

    /// The factor of the cross-entropy with the labels; 0.1 by default for `kd` by itself, else 1.
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
}

/// The review term (Chen et al., 2021) and the parts that its ablations replace.
public struct ReviewSettings: Sendable, Equatable {
    /// How the term's weight grows at the start of the run.
    public enum Warmup: Sendable, Equatable {
        /// In epoch *e*, counted from 0, the weight times min(1, *e* / `epochs`); 0 is no warm-up.
        ///
        /// The authors' CIFAR code has 20: no review at all in the first epoch, all from epoch 20 on.
        case epochs(Int)
        /// Grows step by step over this fraction of the run, from 0 to 1; 0 is no warm-up.
        case fraction(Double)
    }

    /// A student stage and the teacher stages it learns from, both counted from 1 without the stem.
    public struct StageMatch: Sendable, Equatable {
        /// The student's stage.
        public var student: Int
        /// The teacher's stages.
        public var teacher: [Int]
    }

    /// The factor of the term, which the authors choose by pair of networks.
    public var weight: Double
    /// How the weight grows; no warm-up by default.
    public var warmup: Warmup
    /// How a stage is joined with the deeper ones; `abf` by default.
    public var fusion: FusionKind
    /// How features are compared; `hcl` by default.
    public var distance: ReviewDistance
    /// Whether deeper stages flow into shallower ones, the residual framework; true by default.
    public var residual: Bool
    /// Which stages are compared; `nil` matches them automatically.
    public var stages: [StageMatch]?
    /// The width of the fused features; `nil` takes the student's last width, at most 512.
    public var midChannels: Int?
}
