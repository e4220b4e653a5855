import Torch

/// Stochastic gradient descent with momentum and weight decay, fused over all parameters.
///
/// The update is PyTorch's: `g += weightDecay · p; v = momentum · v + g; p −= rate · d`, with
/// `d = g + momentum · v` under Nesterov and `d = v` otherwise.
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

        /// Gathers the settings.
        public init(
            momentum: Double = 0.9, weightDecay: Double = 5e-4,
            normalizationWeightDecay: Double? = nil, nesterov: Bool = true
        ) {
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

    /// Makes an optimizer for tensors whose type, device and layout no longer change.
    public init(_ parameters: [NamedTensor], options: Options = Options()) {
        self.parameters = parameters
        self.options = options
        // A copy keeps the parameter's strides, which the fused kernel relies on.
        velocities = withoutGrad { parameters.map { $0.tensor.detach().clone().fillZero() } }
    }

    /// Moves every parameter that has a gradient, then forgets the gradients.
    public func step(learningRate: Double) {
        move { weights, gradients, momenta, weightDecay in
            fusedSGD(
                parameters: weights, gradients: gradients, momenta: momenta,
                learningRate: learningRate, momentum: options.momentum,
                weightDecay: weightDecay, nesterov: options.nesterov, isFirstStep: false)
        }
    }

    /// The same at a rate that only the device knows.
    ///
    /// - Parameters:
    ///   - learningRate: float32 `[1]`.
    ///   - skips: float32 `[1]`; where it is 1 parameters and velocities stay as they are.
    public func step(learningRate: Tensor, skips: Tensor) {
        move { weights, gradients, momenta, weightDecay in
            fusedSGD(
                parameters: weights, gradients: gradients, momenta: momenta,
                learningRate: learningRate, momentum: options.momentum,
                weightDecay: weightDecay, nesterov: options.nesterov, skips: skips)
        }
    }

    private func move(_ update: ([Tensor], [Tensor], [Tensor], _ weightDecay: Double) -> Void) {
        let onNorms = options.normalizationWeightDecay ?? options.weightDecay
        if onNorms == options.weightDecay {
            move(places, options.weightDecay, update)
        } else {
            move(places.filter { !$0.parameter.isOfNormalization }, options.weightDecay, update)
            move(places.filter(\.parameter.isOfNormalization), onNorms, update)
        }
        clearGradients()
    }

    private typealias Place = (parameter: NamedTensor, velocity: Tensor)

    private var places: [Place] { Array(zip(parameters, velocities)) }

    private func move(
        _ places: [Place], _ weightDecay: Double,
        _ update: ([Tensor], [Tensor], [Tensor], Double) -> Void
    ) {
        var weights: [Tensor] = []
        var gradients: [Tensor] = []
        var momenta: [Tensor] = []
        for (parameter, velocity) in places {
            guard let gradient = parameter.tensor.grad else { continue }
            weights.append(parameter.tensor)
            gradients.append(gradient)
            momenta.append(velocity)
        }
        // None has one where memory ran out on the way; the scope of the step reports that.
        guard !weights.isEmpty else { return }
        // Without momentum the operator takes no buffers.
        let buffers = options.momentum == 0 ? [] : momenta
        withoutGrad { update(weights, gradients, buffers, weightDecay) }
    }

    /// The gradients that the backward passes have accumulated, in the order of the parameters.
    public var gradients: [Tensor] { parameters.compactMap(\.tensor.grad) }

    /// Forgets the gradients of all parameters.
    public func clearGradients() {
        for parameter in parameters { parameter.tensor.clearGrad() }
    }

    /// The velocities under their parameters' names.
    public func stateDict() -> [NamedTensor] {
        zip(parameters, velocities).map { NamedTensor($0.name, $1) }
    }

    /// Takes over saved velocities.
    ///
    /// - Throws: `StateDictError` where they are not exactly this optimizer's.
    public func load(stateDict: [NamedTensor]) throws(StateDictError) {
        try stateDict.copy(into: self.stateDict(), of: "SGD")
    }
}
