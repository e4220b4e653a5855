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

/// The sum of focal losses: cross entropies that count less, the better a logit is already.
///
/// With p the probability that a logit gives to the truth: −α (1 − p)^γ log p, where α is that of the
/// parameters for true targets and 1 − α for false ones.
///
/// Reference: Lin et al., *Focal Loss for Dense Object Detection*, equation 5; fvcore,
/// `nn/focal_loss.py`.
///
/// - Parameters:
///   - logits: of any shape.
///   - targets: 0 and 1, of the same shape.
///   - alpha: the weight of the true targets in 0...1; negative for no weights.
///   - gamma: how much less the good ones count, at least 0.
/// - Returns: a scalar, float64 for float64 logits and else float32; 0 where there are no logits.
public func sigmoidFocalLoss(
    _ logits: Tensor, _ targets: Tensor, alpha: Double = 0.25, gamma: Double = 2
) -> Tensor {
    let focal = FocalLoss(alpha: alpha, gamma: gamma)
    return customFunction(of: [logits]) {
        let numbers = logits.detach().forLoss
        let truth = targets.to(numbers.dtype)
        let dtype = logits.dtype
        return (
            [focal.losses(numbers, truth).sum()],
            { gradients in
                guard let gradient = gradients[0] else { return [nil] }
                return [(focal.slopes(numbers, truth) * gradient).to(dtype)]
            }
        )
    }[0]
}

/// The same for classes instead of truth values.
///
/// - Parameters:
///   - logits: `[M, K]`.
///   - classes: int64 `[M]`: a class in `0..<K`, K for none of them, −1 for a row that adds nothing.
///   - alpha: the weight of the true targets in 0...1; negative for no weights.
///   - gamma: how much less the good ones count, at least 0.
/// - Returns: a scalar, float64 for float64 logits and else float32; 0 where there are no rows.
public func sigmoidFocalLoss(
    _ logits: Tensor, classes: Tensor, alpha: Double = 0.25, gamma: Double = 2
) -> Tensor {
    let known = classes.isAtLeast(0).nonzeroIndices()
    let kinds = Tensor.arange(0..<logits.size(1), device: logits.device)
    let targets = classes.select(0, known).unsqueeze(1).isEqual(to: kinds)
    return sigmoidFocalLoss(logits.select(0, known), targets, alpha: alpha, gamma: gamma)
}

/// The focal loss and its derivative.
private struct FocalLoss: Sendable {
    let alpha: Double
    let gamma: Double

    /// The loss of each logit: with z the logit, turned so that a large one is right, log p = −log(1 + e⁻ᶻ).
    func losses(_ logits: Tensor, _ targets: Tensor) -> Tensor {
        let turned = logits * signs(targets)
        let missing = (-turned).sigmoid()
        return weights(targets) * missing.power(gamma) * (-turned).softplus()
    }

    /// The derivative of each loss for its logit: with q = 1 − p that of −q^γ log p for z is
    /// q^γ (γ p log p − q).
    func slopes(_ logits: Tensor, _ targets: Tensor) -> Tensor {
        let sign = signs(targets)
        let turned = logits * sign
        let missing = (-turned).sigmoid()
        let inner = missing + turned.sigmoid() * (-turned).softplus() * gamma
        return -(weights(targets) * sign * missing.power(gamma) * inner)
    }

    private func signs(_ targets: Tensor) -> Tensor { targets * 2 + -1 }

    private func weights(_ targets: Tensor) -> Tensor {
        alpha < 0
            ? .full([], 1, dtype: targets.dtype, device: targets.device)
            : targets * (2 * alpha - 1) + (1 - alpha)
    }
}

extension Tensor {
    /// In the type that losses are computed in.
    var forLoss: Tensor { dtype == .float64 ? self : self.to(.float32) }
}
