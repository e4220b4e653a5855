import Torch
import TorchNN
import VisionModels

/// Makes convolutions of convolutions with a batch norm behind them, and remembers which norms they took in.
///
/// `γ (W x + b − μ) / √(σ² + ε) + β` is a convolution again, with weight `W γ / √(σ² + ε)`. The factors are
/// computed in float64.
final class NormFolding {
    /// A convolution that took in a norm.
    struct Folded {
        let weight: Tensor
        let bias: Tensor
        let norm: any ChannelNorm
    }

    /// The folded convolutions by the names of their modules.
    private(set) var folded: [(module: String, layer: Folded)] = []

    private var known: [ObjectIdentifier: Folded] = [:]
    private let modules: [ObjectIdentifier: String]

    /// Begins with none.
    ///
    /// - Parameter network: whose modules they are.
    init(_ network: any Module) {
        let weights = network.stateDict().filter { $0.name.hasSuffix(".weight") }
        modules = Dictionary(
            weights.map { (ObjectIdentifier($0.tensor), String($0.name.dropLast(7))) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The convolution that both are together; the same one each time.
    func callAsFunction(_ convolution: Conv2d, _ norm: any ChannelNorm) -> Folded {
        if let folded = known[ObjectIdentifier(convolution)] { return folded }
        let made = withoutGrad { Self.fold(convolution, norm) }
        known[ObjectIdentifier(convolution)] = made
        guard let module = modules[ObjectIdentifier(convolution.weight)] else {
            preconditionFailure("NormFolding: a convolution outside of the network's state dict")
        }
        folded.append((module, made))
        return made
    }

    private static func fold(_ convolution: Conv2d, _ norm: any ChannelNorm) -> Folded {
        func wide(_ tensor: Tensor) -> Tensor { tensor.detach().to(.float64) }
        let scale = wide(norm.weight) / (wide(norm.runningVar) + norm.epsilon).sqrt()
        let weight = wide(convolution.weight) * scale.reshape([-1, 1, 1, 1])
        let shift = convolution.bias.map { wide($0) - wide(norm.runningMean) }
        let bias = wide(norm.bias) + (shift ?? -wide(norm.runningMean)) * scale
        return Folded(
            weight: weight.to(convolution.weight.dtype), bias: bias.to(convolution.weight.dtype),
            norm: norm)
    }
}
