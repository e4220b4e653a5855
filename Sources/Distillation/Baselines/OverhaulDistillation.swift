import Foundation
import Torch
import TorchNN
import VisionModels

/// A comprehensive overhaul of feature distillation (OFD): pre-activations, with a margin below which a
/// negative response need not follow the teacher's.
///
/// The partial squared distance is summed over channels and positions and averaged over the batch; stage
/// i of n counts 2^(i − n).
///
/// Reference: Heo et al., *A Comprehensive Overhaul of Feature Distillation*, ICCV 2019,
/// <https://arxiv.org/abs/1904.01866>, sections 3.2 to 3.5.
public final class OverhaulDistillation: WeightedMethod {
    /// `ofd`.
    public static let name = "ofd"

    /// In one sentence.
    public static let summary = "The overhaul of feature distillation: margins of pre-activations."

    /// The constants that the term was made with.
    public let settings: WeightAlone

    /// The default of mdistiller and RepDistiller, with which the published rows were made.
    public static let publishedWeight: Double = 0.001

    /// Yes.
    public static let comparesEveryStage = true

    private let margins: [Tensor]
    let connectors: Connectors

    /// 1×1 convolutions with batch norm to the teacher's widths.
    final class Connectors: Module {
        let connectors: [[any Layer]]

        init(_ widths: [(from: Int, to: Int)], generator: Generator) {
            connectors = widths.map { from, to in
                let convolution = Conv2d(
                    from, to, kernelSize: 1, bias: false, generator: generator)
                withoutGrad {
                    _ = convolution.weight.fillKaimingNormal(fan: .output, generator: generator)
                }
                return [convolution, BatchNorm2d(to)]
            }
        }

        func callAsFunction(_ features: [Tensor]) -> [Tensor] {
            zip(connectors, features).map { layers, feature in
                layers.reduce(feature) { $1($0) }
            }
        }
    }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - settings: the constants.
    ///   - student: the student.
    ///   - teacher: the teacher, whose batch norms give the margins.
    ///   - generator: the source of the initial weights.
    /// - Throws: `DistillationError.noMargins` where the teacher's stages do not end in a batch norm.
    public init(
        _ settings: WeightAlone = OverhaulDistillation.published, student: any Backbone,
        teacher: any Backbone,
        generator: Generator
    ) throws(DistillationError) {
        self.settings = settings
        let count = min(student.stageInfo.count, teacher.stageInfo.count)
        guard let norms = teacher.stageNorms else {
            throw .noMargins(teacher: "\(type(of: teacher))")
        }
        margins = norms.suffix(count).map { norm in
            withoutGrad { Self.margin(of: norm).to(norm.bias.device).reshape([1, -1, 1, 1]) }
        }
        connectors = Connectors(
            zip(student.stageInfo.suffix(count), teacher.stageInfo.suffix(count)).map {
                (from: $0.channels, to: $1.channels)
            }, generator: generator)
        connectors.convert(device: student.device, format: .channelsLast)
    }

    /// Makes the term at a place.
    public convenience init(
        _ settings: WeightAlone, in place: MethodPlace
    ) throws(DistillationError) {
        try self.init(
            settings, student: place.student, teacher: place.teacher, generator: place.generator)
    }

    /// The connectors.
    public var modules: [any Module] { [connectors] }

    /// The connectors' parameters.
    public var trainableParameters: [NamedTensor] {
        connectors.parameters().map { $0.prefixed("ofd") }
    }

    /// The connectors' state.
    public func stateDict() -> [NamedTensor] { connectors.stateDict().map { $0.prefixed("ofd") } }

    /// Both.
    public var preactivationsOf: Set<DistillationSide> { [.student, .teacher] }

    /// The weighted sum over stages.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        let pairs = matchedStages(
            observation.student.preactivations, observation.teacher.preactivations)
        let connected = connectors(pairs.map(\.student))
        let losses = pairs.indices.map { index in
            let own = connected[index].full
            let goal = pairs[index].teacher.full
            let sized = goal.size(2) == own.size(2) ? goal : goal.adaptiveAveragePool(own.size(2))
            let share = pow(2, Double(index + 1 - pairs.count))
            return Self.loss(student: own, teacher: sized, margin: margins[index].to(own.dtype))
                * share
        }
        return losses.dropFirst().reduce(losses[0], +)
    }

    /// The partial distance of features `[N, C, H, W]` with margins `[1, C, 1, 1]`, a mean over images.
    static func loss(student: Tensor, teacher: Tensor, margin: Tensor) -> Tensor {
        let goal = teacher.maximum(margin)
        let difference = student - goal
        // Where the teacher is silent, a student that is below it is right.
        let counts = difference.detach().isGreater(than: 0).to(student.dtype)
            .maximum(goal.isGreater(than: 0).to(student.dtype))
        return (difference * difference * counts).sum() / Double(student.size(0))
    }

    /// The expected negative response of each channel of a batch norm, `[C]`.
    ///
    /// With m = β and s = |γ|: m − s · φ(m / s) / Φ(−m / s), and −3 s where Φ(−m / s) is at most 0.001.
    static func margin(of norm: BatchNorm2d) -> Tensor {
        let means = norm.bias.to(.float64).elements(as: Double.self)
        let scales = norm.weight.to(.float64).elements(as: Double.self).map(abs)
        let margins = zip(means, scales).map { mean, scale -> Float in
            let ratio = mean / scale
            let below = erfc(ratio / 2.0.squareRoot()) / 2
            guard below > 0.001 else { return Float(-3 * scale) }
            let density = exp(-ratio * ratio / 2) / (2 * Double.pi).squareRoot()
            return Float(mean - scale * density / below)
        }
        return Tensor(margins)
    }
}
