import Torch

/// The sum of the cross entropies of logits against truth values.
///
/// - Parameters:
///   - logits: of any shape.
///   - targets: 0 and 1, or probabilities, of the same shape.
/// - Returns: a scalar, float64 for float64 logits and else float32; 0 where there are no logits.
public func binaryCrossEntropySum(_ logits: Tensor, _ targets: Tensor) -> Tensor {
    let logits = logits.forLoss
    return logits.binaryCrossEntropies(targets.to(logits.dtype)).sum()
}

/// The sum of smooth L1 distances: d² / 2β where the difference d is below β, else |d| − β / 2.
///
/// - Parameters:
///   - input: of any shape.
///   - target: of the same shape.
///   - beta: where the parabola ends; below 10⁻⁵ there is none, and the distances are |d|.
/// - Returns: a scalar, float64 for float64 input and else float32; 0 where there is no input.
public func smoothL1Sum(_ input: Tensor, _ target: Tensor, beta: Double) -> Tensor {
    let input = input.forLoss
    return input.smoothL1Distances(target.to(input.dtype), beta: beta < 1e-5 ? 0 : beta).sum()
}

extension Tensor {
    /// In the type that losses are computed in.
    var forLoss: Tensor { self.to(forLossType) }

    /// The type that losses are computed in.
    var forLossType: DType { dtype == .float64 ? .float64 : .float32 }
}
