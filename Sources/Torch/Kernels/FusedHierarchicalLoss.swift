import CTorch

/// Weighted mean squared differences of two maps at several spatial scales, in one pass over memory.
///
/// - Parameters:
///   - student: `[N, C, H, W]`; gradients flow into it.
///   - teacher: of the same shape.
///   - bins: the finest pooled scale has bins × bins bins, the next half as many each way, the last
///     one; 1, 2 or 4. They are those of adaptive pooling, which overlap where they do not divide the map.
///   - weights: of the full scale, then of each pooled one.
///   - imageWeights: a factor for the squares of each image, float32 `[N]`; nil for 1.
/// - Returns: the sum, a float32 scalar; nil, with nothing done, where our kernel does not take the
///   maps: it wants bfloat16 or float32 on the CPU, both the same, channels last, and a multiple of 16
///   channels.
public func fusedHierarchicalLoss(
    _ student: Tensor, _ teacher: Tensor, bins: Int, weights: [Double],
    imageWeights: Tensor? = nil
) -> Tensor? {
    guard let x = student.handle, let y = teacher.handle,
        ct_hierarchical_loss_is_fusible(x, y, Int64(bins))
    else { return nil }
    return customFunction(of: [student]) {
        var loss: ct_tensor?
        var shares: ct_tensor?
        withExtendedLifetime((student, teacher, imageWeights)) {
            _ = check(
                ct_hierarchical_loss_forward(
                    x, y, imageWeights?.handle, Int64(bins), weights, &loss, &shares),
                "fused_hierarchical_loss", shapes: "\(student.shape)")
        }
        let saved = SavedMaps(
            student: student.detach(), teacher: teacher.detach(), images: imageWeights,
            shares: Tensor(owning: shares))
        let weight = weights[0]
        return (
            [Tensor(owning: loss)],
            { gradients in
                [gradients[0].flatMap { lossBackward($0, saved, bins: bins, weight: weight) }]
            }
        )
    }[0]
}

/// What the backward pass needs of the forward pass.
private struct SavedMaps: Sendable {
    let student: Tensor
    let teacher: Tensor
    let images: Tensor?
    let shares: Tensor
}

private func lossBackward(
    _ gradient: Tensor, _ saved: SavedMaps, bins: Int, weight: Double
) -> Tensor? {
    withExtendedLifetime((gradient, saved)) {
        var result: ct_tensor?
        check(
            ct_hierarchical_loss_backward(
                gradient.handle, saved.student.handle, saved.teacher.handle, saved.images?.handle,
                saved.shares.handle, Int64(bins), weight, &result),
            "fused_hierarchical_loss backward", shapes: "\(saved.student.shape)")
        return Tensor(owning: result)
    }
}
