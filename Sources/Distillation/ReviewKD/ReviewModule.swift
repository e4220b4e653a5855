import Torch
import TorchNN
import VisionModels

/// How the distance between a transformed student feature and its target is measured.
public enum ReviewDistance: Sendable, Equatable {
    /// The hierarchical context loss over the full maps and their averages at these sizes.
    case hierarchical(levels: [Int])

    /// The mean squared error.
    case l2

    /// The hierarchical context loss of the paper.
    public static let hcl = ReviewDistance.hierarchical(levels: [4, 2, 1])

    /// - Parameters:
    ///   - student: `[N, C, H, W]`.
    ///   - teacher: of the same shape.
    ///   - imageWeights: a factor for each image's squared errors, `[N]`; nil for 1.
    /// - Returns: a scalar.
    func callAsFunction(
        _ student: Tensor, _ teacher: Tensor, imageWeights: Tensor? = nil
    ) -> Tensor {
        switch self {
        case .hierarchical(let levels):
            return hierarchicalContextLoss(
                student, teacher, levels: levels, imageWeights: imageWeights)
        case .l2:
            let (own, goal) = (student.full, teacher.full)
            guard let imageWeights else { return own.meanSquaredError(goal) }
            let difference = own - goal
            return (difference * difference * imageWeights.full.reshape([-1, 1, 1, 1])).mean()
        }
    }
}

/// The settings of the review mechanism; the defaults are the paper's.
public struct ReviewOptions: Sendable, Equatable {
    /// How features of neighbouring levels are fused.
    public var fusion = FusionKind.abf

    /// Whether each level builds on the deeper ones' fused feature (the residual framework); else
    /// every link is transformed and compared on its own.
    public var residual = true

    /// The shared width of the fused features; `min(512, the deepest level's)` when nil.
    public var midChannels: Int?

    /// The paper's settings.
    public init() {}
}

/// The review mechanism: turns the student's levels into features comparable with the teacher's.
///
/// From the deepest level to the shallowest, each level's feature is fused with what the deeper ones
/// left (`AttentionBasedFusion`), so that a shallow teacher level also teaches all deeper student
/// levels. Widths come from the two networks, sizes from the features themselves.
///
/// Reference: Chen et al., *Distilling Knowledge via Knowledge Review*, CVPR 2021, sections 3.1 and
/// 3.2, <https://arxiv.org/abs/2104.09044>.
public final class ReviewModule: Module {
    /// The blocks, deepest first, as in the published state dicts.
    let abfs: [AttentionBasedFusion]

    private let links: [StageMatching.Link]
    private let isResidual: Bool

    /// Makes the blocks for a pair of networks.
    ///
    /// - Parameters:
    ///   - student: the student's levels, from shallow to deep.
    ///   - teacher: the teacher's levels.
    ///   - matching: which level learns from which.
    ///   - options: the mechanism's settings.
    ///   - generator: the source of the initial weights.
    /// - Throws: `DistillationError.severalTargets` where the residual framework meets a student
    ///   level with several targets.
    public init(
        student: [LevelInfo], teacher: [LevelInfo], matching: StageMatching,
        options: ReviewOptions = ReviewOptions(), generator: Generator
    ) throws(DistillationError) {
        links = matching.links.reversed()
        isResidual = options.residual
        let twice = zip(links, links.dropFirst()).first { $0.student == $1.student }
        if isResidual, let twice { throw .severalTargets(student: twice.0.student) }
        let mid = options.midChannels ?? min(512, student[student.count - 1].channels)
        abfs = links.enumerated().map { index, link in
            AttentionBasedFusion(
                inChannels: student[link.student].channels, midChannels: mid,
                outChannels: teacher[link.teacher].channels,
                fusion: options.residual && index > 0 ? options.fusion : .plain,
                generator: generator)
        }
    }

    /// Transforms the student's levels.
    ///
    /// - Parameters:
    ///   - student: the student's levels, from shallow to deep, the pooled features last.
    ///   - teacher: the teacher's, in the same order.
    /// - Returns: pairs of transformed student feature and teacher target, from shallow to deep.
    public func callAsFunction(
        student: [Tensor], teacher: [Tensor]
    ) -> [(student: Tensor, teacher: Tensor)] {
        var pairs: [(student: Tensor, teacher: Tensor)] = []
        var deeper: Tensor?
        for (link, block) in zip(links, abfs) {
            let target = teacher[link.teacher]
            let (output, fused) = block(
                student[link.student], deeper: deeper, size: (target.size(2), target.size(3)))
            if isResidual { deeper = fused }
            pairs.append((output, target))
        }
        return pairs.reversed()
    }

    /// The same step by step, with the attention maps.
    ///
    /// - Parameters:
    ///   - student: the student's levels.
    ///   - teacher: the teacher's levels.
    /// - Returns: one for each link, from shallow to deep.
    func reviewed(student: [Tensor], teacher: [Tensor]) -> [ReviewedLevel] {
        var levels: [ReviewedLevel] = []
        var deeper: Tensor?
        for (link, block) in zip(links, abfs) {
            let (feature, target) = (student[link.student], teacher[link.teacher])
            let attention = block.attentionMaps(of: feature, deeper: deeper)
            let (output, fused) = block(
                feature, deeper: deeper, size: (target.size(2), target.size(3)))
            if isResidual { deeper = fused }
            levels.append(
                ReviewedLevel(
                    studentLevel: link.student, teacherLevel: link.teacher, student: feature,
                    reviewed: output, teacher: target, attention: attention))
        }
        return levels.reversed()
    }
}
