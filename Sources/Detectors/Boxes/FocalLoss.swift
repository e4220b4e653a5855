import CDetection
import Torch

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
    if let emptied = [logits, classes].first(where: \.isEmptied) { return emptied }
    precondition(
        logits.rank == 2 && classes.shape == [logits.size(0)],
        "sigmoidFocalLoss: \(logits.shape) logits for \(classes.shape) classes")
    let focal = FocalLoss(alpha: alpha, gamma: gamma)
    return focal.byKernel(logits, classes) ?? focal.byOperators(logits, classes)
}

extension FocalLoss {
    /// The loss of classes by the kernel; nil where it does not take the logits.
    fileprivate func byKernel(_ logits: Tensor, _ classes: Tensor) -> Tensor? {
        guard logits.device == .cpu, let type = BoxKernels.type(ofNumbers: logits.dtype) else {
            return nil
        }
        return customFunction(of: [logits]) {
            let call = FocalLossCall(
                type: type, logits: logits.detach().contiguous(), classes: classes.contiguous(),
                focal: self)
            let loss = call.run { call, means in cd_focal_loss(type, &call, means) } ?? 0
            return (
                [.full([], loss, dtype: logits.forLossType, device: .cpu)],
                { gradients in [gradients[0].map { call.gradient(times: $0.item()) }] }
            )
        }[0]
    }

    /// The loss of classes by LibTorch's operators.
    func byOperators(_ logits: Tensor, _ classes: Tensor) -> Tensor {
        let known = classes.isAtLeast(0).nonzeroIndices()
        let kinds = Tensor.arange(0..<logits.size(1), device: logits.device)
        let targets = classes.select(0, known).unsqueeze(1).isEqual(to: kinds)
        return sigmoidFocalLoss(
            logits.select(0, known), targets, alpha: alpha, gamma: gamma)
    }
}

/// One call of the kernel, which its backward pass repeats.
private struct FocalLossCall: Sendable {
    let type: cd_type
    let logits: Tensor
    let classes: Tensor
    let focal: FocalLoss

    func run<Result>(_ kernel: (inout cd_focal, cd_means) -> Result) -> Result? {
        withExtendedLifetime((logits, classes)) {
            guard let numbers = logits.address(), let kinds = classes.address() else { return nil }
            var call = cd_focal(
                logits: numbers, classes: kinds.assumingMemoryBound(to: Int64.self),
                rows: Int64(logits.size(0)), columns: Int64(logits.size(1)), alpha: focal.alpha,
                gamma: focal.gamma)
            return kernel(&call, BoxKernels.means)
        }
    }

    func gradient(times scale: Double) -> Tensor {
        let gradient = Tensor.empty(logits.shape, dtype: logits.dtype, device: .cpu)
        withExtendedLifetime(gradient) {
            _ = run { call, means in
                cd_focal_loss_backward(type, &call, means, scale, gradient.address())
            }
        }
        return gradient
    }
}

/// The focal loss and its derivative.
struct FocalLoss: Sendable {
    let alpha: Double
    let gamma: Double

    /// The loss of each logit: with z the logit, turned so that a large one is right, log p = −log(1 + e⁻ᶻ).
    fileprivate func losses(_ logits: Tensor, _ targets: Tensor) -> Tensor {
        let turned = logits * signs(targets)
        let missing = (-turned).sigmoid()
        return weights(targets) * missing.power(gamma) * (-turned).softplus()
    }

    /// The derivative of each loss for its logit: with q = 1 − p that of −q^γ log p for z is
    /// q^γ (γ p log p − q).
    fileprivate func slopes(_ logits: Tensor, _ targets: Tensor) -> Tensor {
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
