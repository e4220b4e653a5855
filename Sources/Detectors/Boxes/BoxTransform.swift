import Foundation
import Torch

/// Boxes as differences from other boxes, which is what box heads predict.
///
/// With widths w and centres x of source and target: dx = wₓ (x_target − x_source) / w_source and
/// dw = w_w log(w_target / w_source); heights likewise.
///
/// Reference: Girshick et al., *Rich Feature Hierarchies*, appendix C; detectron2,
/// `modeling/box_regression.py`.
public struct BoxTransform: Sendable, Hashable {
    /// What the differences of x, y, width and height are multiplied by.
    public let weights: [Double]

    /// The largest logarithm of a ratio of sides; larger ones are cut, after division by the weight.
    public let sizeClamp: Double

    /// Makes a transform.
    ///
    /// - Parameters:
    ///   - weights: four factors.
    ///   - sizeClamp: that of detectron2 by default: a side grows at most by 62.5.
    public init(weights: [Double] = [1, 1, 1, 1], sizeClamp: Double = log(1000.0 / 16)) {
        precondition(weights.count == 4, "BoxTransform: expected 4 weights, found \(weights.count)")
        self.weights = weights
        self.sizeClamp = sizeClamp
    }

    /// That of region proposals and of RetinaNet.
    public static let proposals = BoxTransform()

    /// That of Faster R-CNN's box head.
    public static let boxHead = BoxTransform(weights: [10, 10, 5, 5])

    /// The differences that lead from sources to targets.
    ///
    /// - Parameters:
    ///   - targets: `[N, 4]`.
    ///   - sources: `[N, 4]`, of the same type, with positive sides.
    /// - Returns: `[N, 4]`.
    public func encode(_ targets: Tensor, relativeTo sources: Tensor) -> Tensor {
        let from = CentredBoxes(sources)
        let to = CentredBoxes(targets)
        return Tensor.concatenate(
            [
                (to.x - from.x) * weights[0] / from.width,
                (to.y - from.y) * weights[1] / from.height,
                (to.width / from.width).log() * weights[2],
                (to.height / from.height).log() * weights[3],
            ], dimension: 1)
    }

    /// The boxes that differences lead to.
    ///
    /// - Parameters:
    ///   - deltas: K groups of four for every box, `[N, 4 K]`.
    ///   - boxes: `[N, 4]`, in whose type is computed.
    /// - Returns: `[N, 4 K]`.
    public func decode(_ deltas: Tensor, relativeTo boxes: Tensor) -> Tensor {
        precondition(
            deltas.isEmptied || boxes.isEmptied
                || deltas.rank == 2 && deltas.size(1) % 4 == 0 && deltas.size(0) == boxes.size(0),
            "decode: expected [\(boxes.size(0)), 4 K], found \(deltas.shape)")
        let from = CentredBoxes(boxes)
        let groups = deltas.to(boxes.dtype).reshape([boxes.size(0), deltas.size(1) / 4, 4])
        let parts = (0..<4).map { part in
            groups.narrow(2, part..<(part + 1)).reshape([groups.size(0), groups.size(1)])
                / weights[part]
        }
        let x = parts[0] * from.width + from.x
        let y = parts[1] * from.height + from.y
        let halfWidth = parts[2].clamped(atMost: sizeClamp).exp() * from.width * 0.5
        let halfHeight = parts[3].clamped(atMost: sizeClamp).exp() * from.height * 0.5
        return Tensor.stack(
            [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight], dimension: 2
        ).reshape(deltas.shape)
    }
}

/// Boxes by their centres and sides, `[N, 1]` each.
private struct CentredBoxes {
    let x: Tensor
    let y: Tensor
    let width: Tensor
    let height: Tensor

    init(_ boxes: Tensor) {
        let sides = Boxes.columns(boxes)
        width = sides[2] - sides[0]
        height = sides[3] - sides[1]
        x = sides[0] + width * 0.5
        y = sides[1] + height * 0.5
    }
}
