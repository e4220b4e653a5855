import Torch

/// Stochastic gradient descent with momentum and weight decay, fused over all parameters.
///
/// The update is PyTorch's: `g += weightDecay · p; v = momentum · v + g; p −= rate · d`, with
/// `d = g + momentum · v` under Nesterov and `d = v` otherwise.
///
/// A distillation-oriented optimizer (DOT) keeps two velocities: one of the labels' gradients with a lower momentum
/// and one of the teacher's with a higher one. Weight decay belongs to the labels' gradient. A parameter that
/// only one of the two reaches has one velocity with the momentum between them, and weight decay.
///
/// Reference for DOT: Zhao et al., *DOT: A Distillation-Oriented Trainer*, ICCV 2023,
/// <https://arxiv.org/abs/2307.08436>, section 4.
public final class SGD {
    /// The settings that do not change during a run.
    public struct Options: Sendable, Equatable {
        /// The share of the former velocity.
        public var momentum: Double

        /// The pull towards zero, on every parameter.
        public var weightDecay: Double

        /// The pull on the parameters of layers that normalise; `nil` for the same as on all others.
        public var normalizationWeightDecay: Double?

        /// Whether the step looks ahead along the velocity.
        public var nesterov: Bool

        /// How far the momenta of the labels' and of the teacher's gradients lie below and above `momentum`;
        /// nil for one velocity.
        public var dot: Double?

        /// Gathers the settings.
        public init(
            momentum: Double = 0.9, weightDecay: Double = 5e-4,
            normalizationWeightDecay: Double? = nil, nesterov: Bool = true, dot: Double? = nil
        ) {
            self.dot = dot
            self.momentum = momentum
            self.weightDecay = weightDecay
            self.normalizationWeightDecay = normalizationWeightDecay
            self.nesterov = nesterov
        }
    }

    /// What it moves.
    public let parameters: [NamedTensor]
    private let velocities: [Tensor]
    private let options: Options

    /// The velocities of the teacher's gradients, under DOT.
    private let taughtVelocities: [Tensor]

    /// The teacher's gradients of this step, by parameter, under DOT.
    private var taughtGradients: [Tensor?] = []

    /// Makes an optimizer for tensors whose type, device and layout no longer change.
    public init(_ parameters: [NamedTensor], options: Options = Options()) {
        self.parameters = parameters
        self.options = options
        // A copy keeps the parameter's strides, which the fused kernel relies on.
        func still() -> [Tensor] {
            withoutGrad { parameters.map { $0.tensor.detach().clone().fillZero() } }
        }
        velocities = still()
        taughtVelocities = options.dot == nil ? [] : still()
    }

    /// Whether the teacher's gradients are to be given apart from the labels', by `takeTaughtGradients`.
    public var keepsTaughtApart: Bool { options.dot != nil }

    /// Takes the gradients that the parameters have now for the teacher's, and clears them.
    ///
    /// - Precondition: `keepsTaughtApart`.
    public func takeTaughtGradients() {
        precondition(keepsTaughtApart, "SGD: gradients of a teacher without DOT")
        taughtGradients = parameters.map { $0.tensor.grad?.detach() }
        clearGradients()
    }

    /// Moves every parameter that has a gradient, then forgets the gradients.
    public func step(learningRate: Double) {
        move { weights, gradients, momenta, group in
            fusedSGD(
                parameters: weights, gradients: gradients, momenta: momenta,
                learningRate: learningRate, momentum: group.momentum,
                weightDecay: group.weightDecay, nesterov: options.nesterov, isFirstStep: false)
        }
    }

    /// The same at a rate that only the device knows.
    ///
    /// - Parameters:
    ///   - learningRate: float32 `[1]`.
    ///   - skips: float32 `[1]`; where it is 1 parameters and velocities stay as they are.
    public func step(learningRate: Tensor, skips: Tensor) {
        move { weights, gradients, momenta, group in
            fusedSGD(
                parameters: weights, gradients: gradients, momenta: momenta,
                learningRate: learningRate, momentum: group.momentum,
                weightDecay: group.weightDecay, nesterov: options.nesterov, skips: skips)
        }
    }

    private typealias Update = ([Tensor], [Tensor], [Tensor], Group) -> Void

    /// What parameters that are moved in one call have in common.
    private struct Group: Hashable {
        var momentum: Double
        var weightDecay: Double
    }

    /// A parameter with a gradient and the velocity that belongs to it.
    private struct Place {
        let parameter: NamedTensor
        let gradient: Tensor
        let velocity: Tensor
        let group: Group
    }

    private func move(_ update: Update) {
        let places = options.dot.map(placesApart) ?? places
        // In the order in which the groups come up first.
        let groups = places.reduce(into: [Group]()) { groups, place in
            if !groups.contains(place.group) { groups.append(place.group) }
        }
        for group in groups { move(places.filter { $0.group == group }, group, update) }
        taughtGradients = []
        clearGradients()
        forgetConvertedWeights()
    }

    private func weightDecay(of parameter: NamedTensor) -> Double {
        parameter.isOfNormalization
            ? options.normalizationWeightDecay ?? options.weightDecay : options.weightDecay
    }

    private var places: [Place] {
        zip(parameters, velocities).compactMap { parameter, velocity in
            parameter.tensor.grad.map {
                Place(
                    parameter: parameter, gradient: $0, velocity: velocity,
                    group: Group(
                        momentum: options.momentum, weightDecay: weightDecay(of: parameter)))
            }
        }
    }

    /// The labels' gradients and the teacher's, each with its velocity.
    private func placesApart(by shift: Double) -> [Place] {
        let taught =
            taughtGradients.isEmpty
            ? Array(repeating: nil, count: parameters.count) : taughtGradients
        var labels: [Place] = []
        var teachers: [Place] = []
        for (index, parameter) in parameters.enumerated() {
            let (own, goal) = (parameter.tensor.grad, taught[index])
            let decay = weightDecay(of: parameter)
            let alone = Group(momentum: options.momentum, weightDecay: decay)
            if let own {
                labels.append(
                    Place(
                        parameter: parameter, gradient: own, velocity: velocities[index],
                        group: goal == nil
                            ? alone
                            : Group(momentum: options.momentum - shift, weightDecay: decay)))
            }
            if let goal {
                teachers.append(
                    Place(
                        parameter: parameter, gradient: goal, velocity: taughtVelocities[index],
                        group: own == nil
                            ? alone : Group(momentum: options.momentum + shift, weightDecay: 0)))
            }
        }
        return labels + teachers
    }

    private func move(_ places: [Place], _ group: Group, _ update: Update) {
        // None has a gradient where memory ran out on the way; the scope of the step reports that.
        guard !places.isEmpty else { return }
        // Without momentum the operator takes no buffers.
        let buffers = group.momentum == 0 ? [] : places.map(\.velocity)
        withoutGrad {
            update(places.map(\.parameter.tensor), places.map(\.gradient), buffers, group)
        }
    }

    /// The gradients that the backward passes have accumulated, in the order of the parameters.
    public var gradients: [Tensor] { parameters.compactMap(\.tensor.grad) }

    /// Forgets the gradients of all parameters.
    public func clearGradients() {
        for parameter in parameters { parameter.tensor.clearGrad() }
    }

    /// The velocities under their parameters' names, those of the teacher's gradients after the others.
    public func stateDict() -> [NamedTensor] {
        zip(parameters, velocities).map { NamedTensor($0.name, $1) }
            + zip(parameters, taughtVelocities).map { NamedTensor("taught.\($0.name)", $1) }
    }

    /// Takes over saved velocities.
    ///
    /// - Throws: `StateDictError` where they are not exactly this optimizer's.
    public func load(stateDict: [NamedTensor]) throws(StateDictError) {
        try stateDict.copy(into: self.stateDict(), of: "SGD")
    }
}
