import CDetection
import Torch

/// The boxes that are left when of each two of one class that overlap too much the worse one goes.
///
/// Boxes are taken by falling score, of equal scores the one with the lower number first. Each one that is
/// still there removes those of its class that it overlaps by more than the threshold. The coordinates are
/// as given: the reference moves each class's boxes to a place of their own, which loses bits and, with
/// negative coordinates, lets classes suppress each other.
///
/// - Parameters:
///   - boxes: `[N, 4]`.
///   - scores: `[N]`; NaN comes last.
///   - classes: int64 `[N]`; all are of one class where it is left out.
///   - threshold: the largest overlap that is let be, intersection over union in 0...1.
/// - Returns: the numbers of the boxes that stay, by falling score, int64.
public func nonMaximumSuppression(
    boxes: Tensor, scores: Tensor, classes: Tensor? = nil, threshold: Double
) -> Tensor {
    precondition(
        boxes.isEmptied || scores.isEmptied
            || boxes.size(0) == scores.count && (classes ?? scores).count == scores.count,
        "nonMaximumSuppression: \(boxes.shape) boxes, \(scores.shape) scores, "
            + "\(classes?.shape ?? []) classes")
    let scores = scores.to(boxes.dtype)
    return suppressedByKernel(boxes, scores, classes, threshold)
        ?? suppressedByOperators(boxes, scores, classes, threshold)
}

private func suppressedByKernel(
    _ boxes: Tensor, _ scores: Tensor, _ classes: Tensor?, _ threshold: Double
) -> Tensor? {
    guard let type = BoxKernels.type(of: boxes, scores) else { return nil }
    let boxes = boxes.contiguous()
    let scores = scores.contiguous()
    let classes = classes?.contiguous()
    return withExtendedLifetime((boxes, scores, classes)) {
        BoxKernels.integers(scores.count) { kept in
            Int(
                cd_suppress(
                    type, boxes.address(), scores.address(),
                    classes?.address()?.assumingMemoryBound(to: Int64.self), Int64(scores.count),
                    threshold, BoxKernels.means, kept))
        }
    }
}

/// The same without a kernel, in as many rounds as the longest chain of boxes that remove each other.
///
/// A box stays unless one that stays removes it. Starting from all of them, each round is right for one more
/// link of every chain, so that the first round that changes nothing ends it. Waits for the device in each.
func suppressedByOperators(
    _ boxes: Tensor, _ scores: Tensor, _ classes: Tensor?, _ threshold: Double
) -> Tensor {
    let order = indicesOfLargest(scores, atMost: scores.count)
    let count = order.count
    guard count > 0 else { return order }
    let sorted = boxes.select(0, order)
    let kinds = classes?.select(0, order)
    let ranks = Tensor.arange(0..<count, device: boxes.device)
    // What each box would remove, a few rows at a time, so that few tables of all pairs are alive.
    let rows = stride(from: 0, to: count, by: 1024).map { start -> Tensor in
        let some = start..<min(start + 1024, count)
        var removes = Boxes.pairwiseIoU(sorted.narrow(0, some), sorted)
            .isGreater(than: threshold)
        removes = removes.and(ranks.isGreater(than: ranks.narrow(0, some).unsqueeze(1)))
        if let kinds {
            removes = removes.and(kinds.isEqual(to: kinds.narrow(0, some).unsqueeze(1)))
        }
        return removes.to(.float32)
    }
    let removes = Tensor.concatenate(rows)
    var stays = Tensor.ones([1, count], device: boxes.device)
    while true {
        let next = stays.matmul(removes).isGreater(than: 0).not().to(.float32)
        let isSettled = next.isEqual(to: stays).all().item() != 0
        stays = next
        if isSettled { break }
    }
    return order.select(0, stays.reshape([-1]).nonzeroIndices())
}

/// The numbers of the largest scores.
///
/// - Parameters:
///   - scores: `[N]`.
///   - count: how many at most.
/// - Returns: by falling score, of equal scores the lower number first, NaN last; int64.
public func indicesOfLargest(_ scores: Tensor, atMost count: Int) -> Tensor {
    let wanted = min(max(count, 0), scores.count)
    guard scores.device == .cpu else { return orderedByOperators(scores).narrow(0, 0..<wanted) }
    let numbers = (scores.dtype == .float64 ? scores : scores.to(.float32)).contiguous()
    guard let type = BoxKernels.type(of: numbers) else { return numbers }
    return withExtendedLifetime(numbers) {
        BoxKernels.integers(wanted) { places in
            cd_largest(type, numbers.address(), Int64(numbers.count), Int64(wanted), places)
            return wanted
        }
    }
}

/// The numbers of all scores in the same order, without a kernel.
func orderedByOperators(_ scores: Tensor) -> Tensor {
    let isNumber = scores.isEqual(to: scores)
    let lowest = Tensor.full([], -Double.infinity, dtype: scores.dtype, device: scores.device)
    let falling = Tensor.choose(isNumber, scores, lowest).sortedIndices(descending: true)
    // What is no number goes behind what is infinitely low.
    let last = isNumber.to(.uint8).select(0, falling).sortedIndices(descending: true)
    return falling.select(0, last)
}
