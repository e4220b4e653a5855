import Torch

/// Which truth each anchor or proposal belongs to, and what is learned from it.
public struct Matches: Sendable {
    /// The truth with the largest overlap, int64 `[P]`: the first of several, 0 where there is no truth.
    public let truths: Tensor

    /// 1 where a prediction is positive, 0 where it is negative, −1 where it is ignored, int64 `[P]`.
    public let labels: Tensor
}

/// Matches predictions to truths by their overlap.
///
/// A prediction's largest overlap v decides its label: that of the interval between thresholds, the lower
/// one included, that v is in. Where low quality is allowed, the predictions that overlap a truth as much
/// as any one does are positive too, whatever the overlap; each keeps the truth that it overlaps most, which
/// may be another one. **A truth that overlaps no prediction matches none**: the reference then takes all
/// whose overlap with it is 0 for positive.
///
/// Reference: detectron2, `modeling/matcher.py`; Ren et al., *Faster R-CNN*, section 3.1.2.
public struct Matcher: Sendable, Hashable {
    /// The bounds between intervals of the overlap, rising.
    public let thresholds: [Double]

    /// The label of each interval: −1, 0 or 1; one more than there are thresholds.
    public let labels: [Int]

    /// Whether a truth that no prediction overlaps enough takes the best of them.
    public let allowsLowQualityMatches: Bool

    /// Makes a matcher.
    ///
    /// - Parameters:
    ///   - thresholds: rising.
    ///   - labels: one more than there are thresholds.
    ///   - allowsLowQualityMatches: whether every truth that is overlapped at all has a match.
    public init(thresholds: [Double], labels: [Int], allowsLowQualityMatches: Bool) {
        precondition(
            labels.count == thresholds.count + 1 && labels.allSatisfy((-1...1).contains),
            "Matcher: labels \(labels) for the thresholds \(thresholds)")
        precondition(
            zip(thresholds, thresholds.dropFirst()).allSatisfy { $0 <= $1 },
            "Matcher: thresholds \(thresholds) do not rise")
        self.thresholds = thresholds
        self.labels = labels
        self.allowsLowQualityMatches = allowsLowQualityMatches
    }

    /// That of region proposals: negative below 0.3, positive from 0.7.
    public static let proposals = Matcher(
        thresholds: [0.3, 0.7], labels: [0, -1, 1], allowsLowQualityMatches: true)

    /// That of the box head: negative below 0.5, else positive.
    public static let boxHead = Matcher(
        thresholds: [0.5], labels: [0, 1], allowsLowQualityMatches: false)

    /// That of RetinaNet: negative below 0.4, positive from 0.5.
    public static let retinaNet = Matcher(
        thresholds: [0.4, 0.5], labels: [0, -1, 1], allowsLowQualityMatches: true)

    /// Matches by overlaps that are known.
    ///
    /// - Parameter overlaps: a row for each truth, `[T, P]`, none negative.
    /// - Returns: the matches of the P predictions; with the label of the lowest interval without truths.
    public func callAsFunction(_ overlaps: Tensor) -> Matches {
        let count = overlaps.size(1)
        guard overlaps.size(0) > 0, count > 0 else {
            return Matches(
                truths: .zeros([count], dtype: .int64, device: overlaps.device),
                labels: .full(
                    [count], Double(labels[0]), dtype: .int64, device: overlaps.device))
        }
        let (largest, truths) = overlaps.max(0)
        var found = Tensor.full(
            [count], Double(labels[0]), dtype: .int64, device: overlaps.device)
        for (threshold, label) in zip(thresholds, labels.dropFirst()) {
            let value = Tensor.full([], Double(label), dtype: .int64, device: overlaps.device)
            found = Tensor.choose(largest.isAtLeast(threshold), value, found)
        }
        if allowsLowQualityMatches {
            let best = overlaps.max(1).values.unsqueeze(1)
            let isBest = overlaps.isEqual(to: best).and(best.isGreater(than: 0))
            let one = Tensor.full([], 1, dtype: .int64, device: overlaps.device)
            found = Tensor.choose(isBest.to(.int64).max(0).values.isGreater(than: 0), one, found)
        }
        return Matches(truths: truths, labels: found)
    }

    /// Matches by the overlaps of boxes, which on the CPU are never all in memory at once.
    ///
    /// - Parameters:
    ///   - truths: `[T, 4]`.
    ///   - predictions: `[P, 4]`, of the same type.
    /// - Returns: the matches of the P predictions.
    public func match(truths: Tensor, predictions: Tensor) -> Matches {
        matchedByKernel(truths: truths, predictions: predictions)
            ?? self(Boxes.pairwiseIoU(truths, predictions))
    }
}
