import Torch
import VisionModels

/// What a head says of every anchor, level by level.
public struct DensePredictions {
    /// The logits as maps, `[N, A · K, h, w]` for A anchors a place and K classes.
    public let logits: [Tensor]

    /// The boxes relative to the anchors as maps, `[N, A · 4, h, w]`.
    public let deltas: [Tensor]

    /// How many classes a logit is of: K.
    let classCount: Int

    init(logits: [Tensor], deltas: [Tensor], classCount: Int) {
        self.logits = logits
        self.deltas = deltas
        self.classCount = classCount
    }

    /// The logits of one level, place by place, `[N, h · w · A, K]`, in the type that losses have.
    func logitRows(_ level: Int) -> Tensor { rows(logits[level], width: classCount) }

    /// The boxes of one level, place by place, `[N, h · w · A, 4]`.
    func deltaRows(_ level: Int) -> Tensor { rows(deltas[level], width: 4) }

    /// The logits of all levels, `[N, anchors, K]`.
    var allLogits: Tensor { .concatenate(logits.indices.map(logitRows), dimension: 1) }

    /// The boxes of all levels, `[N, anchors, 4]`.
    var allDeltas: Tensor { .concatenate(deltas.indices.map(deltaRows), dimension: 1) }

    /// The type that boxes are computed in.
    var dtype: DType { logits[0].dtype == .float64 ? .float64 : .float32 }

    /// The anchors of each level, `[h · w · A, 4]`.
    func anchors(_ generator: AnchorGenerator) -> [Tensor] {
        generator.anchors(
            mapSizes: logits.map { ImageSize(height: $0.size(2), width: $0.size(3)) },
            dtype: dtype, device: logits[0].device)
    }

    // With channels last neither the permutation nor the reshaping moves anything.
    private func rows(_ map: Tensor, width: Int) -> Tensor {
        map.permute([0, 2, 3, 1]).reshape([map.size(0), -1, width]).forLoss
    }
}

extension Tensor {
    /// One slice along the first dimension, without that dimension; shares the elements.
    func slice(_ index: Int) -> Tensor {
        narrow(0, index..<(index + 1)).reshape(Array(shape.dropFirst()))
    }
}
