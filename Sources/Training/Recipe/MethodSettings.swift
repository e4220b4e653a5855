import Distillation

/// How the student learns: the terms of its loss.
public struct MethodSettings: Sendable, Equatable {
    /// The methods a recipe can name.
    public enum Name: String, Sendable, CaseIterable {
        /// Cross-entropy with the labels.
        case alone
        /// Hinton's distillation: the teacher's softened predictions.
        case kd
        /// Knowledge review: the teacher's features, stage by stage.
        case reviewkd
    }

    /// The method.
    public var name: Name
    /// The factor of the cross-entropy with the labels; 0.1 by default for `kd`, else 1.
    public var crossEntropyWeight: Double
    /// The review term; present exactly for `reviewkd`.
    public var review: ReviewSettings?
    /// The term of softened predictions; present exactly for `kd`.
    public var kd: KDSettings?
}

/// The term of softened predictions (Hinton, Vinyals, Dean, 2015).
public struct KDSettings: Sendable, Equatable {
    /// The divisor of both networks' logits, above 0; 4 by default.
    public var temperature: Double
    /// The factor of the term; 0.9 by default.
    public var weight: Double
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
