import Torch

/// The anchors of one picture that a step learns from.
public struct AnchorSample: Sendable {
    /// Numbers of anchors that have a truth, int64 `[p]`.
    public let positives: Tensor

    /// Numbers of anchors that have none, int64 `[n]`.
    public let negatives: Tensor

    /// The truths of the positives, `[p, 4]`.
    public let truths: Tensor

    /// Gathers them.
    public init(positives: Tensor, negatives: Tensor, truths: Tensor) {
        self.positives = positives
        self.negatives = negatives
        self.truths = truths
    }

    /// Matches the anchors of one picture and draws from them.
    ///
    /// - Parameters:
    ///   - anchors: of all levels, `[A, 4]`.
    ///   - truths: `[T, 4]`.
    ///   - matcher: which overlaps count.
    ///   - sampler: how many are drawn.
    ///   - key: which random numbers are used.
    /// - Returns: the drawn anchors.
    public static func of(
        anchors: Tensor, truths: Tensor, matcher: Matcher = .proposals,
        sampler: Sampler = .proposals, key: SampleKey
    ) -> AnchorSample {
        let matches = matcher.match(truths: truths, predictions: anchors)
        let (positives, negatives) = sampler(matches.labels, key: key)
        return AnchorSample(
            positives: positives, negatives: negatives,
            truths: truths.select(0, matches.truths.select(0, positives)))
    }
}

/// The losses of region proposals, summed over the drawn anchors of a batch.
///
/// Both sums are divided by `batchSizePerImage` · N, even where fewer anchors were drawn.
///
/// Reference: Ren et al., *Faster R-CNN*, section 3.1.2; detectron2,
/// `modeling/proposal_generator/rpn.py`.
///
/// - Parameters:
///   - logits: whether there is something in an anchor, `[N, A]`.
///   - deltas: where it is from there, `[N, A, 4]`.
///   - anchors: of all levels, `[A, 4]`.
///   - samples: for each picture.
///   - transform: what `deltas` mean.
///   - beta: where the parabola of smooth L1 ends; 0 for L1.
///   - batchSizePerImage: how many anchors of a picture should be drawn.
/// - Returns: the cross entropies of all drawn anchors, and the distances of the positive ones' deltas.
public func proposalLosses(
    logits: Tensor, deltas: Tensor, anchors: Tensor, samples: [AnchorSample],
    transform: BoxTransform = .proposals, beta: Double = 0, batchSizePerImage: Int = 256
) -> (classification: Tensor, box: Tensor) {
    let count = anchors.size(0)
    let device = anchors.device
    precondition(
        logits.isEmptied || deltas.isEmptied
            || logits.shape == [samples.count, count] && deltas.shape == [samples.count, count, 4],
        "proposalLosses: \(logits.shape) logits and \(deltas.shape) deltas for "
            + "\(samples.count) pictures of \(count) anchors")
    func inBatch(_ indices: (AnchorSample) -> Tensor) -> Tensor {
        .concatenate(
            samples.enumerated().map { image, sample in
                indices(sample)
                    + .full([], Double(image * count), dtype: .int64, device: device)
            })
    }
    let positives = inBatch(\.positives)
    let drawn = Tensor.concatenate([positives, inBatch(\.negatives)])
    let isPositive = Tensor.arange(0..<drawn.count, device: device)
        .isLess(than: Double(positives.count))
    let places = anchors.select(0, .concatenate(samples.map(\.positives)))
    let targets = transform.encode(.concatenate(samples.map(\.truths)), relativeTo: places)
    let divisor = Double(batchSizePerImage * samples.count)
    return (
        binaryCrossEntropySum(logits.reshape([-1]).select(0, drawn), isPositive) / divisor,
        smoothL1Sum(deltas.reshape([-1, 4]).select(0, positives), targets, beta: beta) / divisor
    )
}

/// The mean cross entropy of the box head's classes over all regions; 0 without any.
///
/// - Parameters:
///   - logits: `[R, K + 1]`, background last.
///   - classes: int64 `[R]`, in `0...K`.
/// - Returns: a scalar, float64 for float64 logits and else float32.
public func boxClassLoss(_ logits: Tensor, classes: Tensor) -> Tensor {
    let logits = logits.forLoss
    return logits.size(0) == 0 ? logits.sum() : logits.crossEntropy(classes)
}

/// The distances of the box head's boxes from their truths: the sum over the regions of an object and four
/// coordinates, divided by the number of *all* regions.
///
/// Reference: detectron2, `modeling/roi_heads/fast_rcnn.py`.
///
/// - Parameters:
///   - deltas: `[R, 4 K]`, of which those of the truth's class count, or `[R, 4]` for all classes alike.
///   - proposals: `[R, 4]`.
///   - truths: `[R, 4]`; a row counts where there is an object.
///   - classes: int64 `[R]`; those in `0..<classCount` are objects.
///   - classCount: K.
///   - transform: what `deltas` mean.
///   - beta: where the parabola of smooth L1 ends; 0 for L1.
/// - Returns: a scalar, float64 for float64 deltas and else float32.
public func boxRegressionLoss(
    _ deltas: Tensor, proposals: Tensor, truths: Tensor, classes: Tensor, classCount: Int,
    transform: BoxTransform = .boxHead, beta: Double = 0
) -> Tensor {
    let isObject = classes.isAtLeast(0).and(classes.isLess(than: Double(classCount)))
    let objects = isObject.nonzeroIndices()
    let count = deltas.size(0)
    var found = deltas.select(0, objects)
    if deltas.size(1) != 4 || classCount == 1 {
        found = found.reshape([-1, classCount, 4]).gather([
            .arange(0..<objects.count, device: deltas.device), classes.select(0, objects), nil,
        ])
    }
    let targets = transform.encode(
        truths.select(0, objects), relativeTo: proposals.select(0, objects))
    return smoothL1Sum(found, targets, beta: beta) / Double(max(count, 1))
}

/// The mean cross entropy of the mask head over all regions of objects and all places; 0 without any.
///
/// Reference: He et al., *Mask R-CNN*, section 3; detectron2, `modeling/roi_heads/mask_head.py`.
///
/// - Parameters:
///   - logits: `[F, K, m, m]`, of which the truth's class counts, or `[F, 1, m, m]` for all alike.
///   - classes: int64 `[F]`, in `0..<K`.
///   - targets: 0 and 1, `[F, m, m]`.
/// - Returns: a scalar, float64 for float64 logits and else float32.
public func maskLoss(_ logits: Tensor, classes: Tensor, targets: Tensor) -> Tensor {
    let count = logits.size(0)
    guard count > 0 else { return logits.forLoss.sum() }
    let channels =
        logits.size(1) == 1
        ? Tensor.zeros([count], dtype: .int64, device: logits.device) : classes
    let own = logits.gather([.arange(0..<count, device: logits.device), channels])
    return binaryCrossEntropySum(own, targets) / Double(targets.count)
}
