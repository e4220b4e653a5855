import Torch

/// Operations on boxes, which are float tensors `[N, 4]`: left, top, right, bottom in pixels.
///
/// A box reaches from one coordinate to the other: its width is right − left, with no pixel added. Every
/// function computes in the type of the boxes.
public enum Boxes {
    /// The four columns, `[N, 1]` each.
    static func columns(_ boxes: Tensor) -> [Tensor] {
        precondition(
            boxes.isEmptied || boxes.rank == 2 && boxes.size(1) == 4,
            "boxes: expected [N, 4], found \(boxes.shape)")
        return (0..<4).map { boxes.narrow(1, $0..<($0 + 1)) }
    }

    /// The areas in square pixels, `[N]`.
    public static func areas(_ boxes: Tensor) -> Tensor {
        let sides = columns(boxes)
        return ((sides[2] - sides[0]) * (sides[3] - sides[1])).reshape([-1])
    }

    /// The intersection of every two boxes, divided by their union; 0 where they do not meet or one is empty.
    ///
    /// - Parameters:
    ///   - first: `[N, 4]`.
    ///   - second: `[M, 4]`, of the same type.
    /// - Returns: `[N, M]`, in 0...1 for boxes whose sides are not negative.
    public static func pairwiseIoU(_ first: Tensor, _ second: Tensor) -> Tensor {
        let rows = columns(first)
        let others = columns(second).map { $0.reshape([1, -1]) }
        let width = (rows[2].minimum(others[2]) - rows[0].maximum(others[0])).clamped(atLeast: 0)
        let height = (rows[3].minimum(others[3]) - rows[1].maximum(others[1])).clamped(atLeast: 0)
        let shared = width * height
        let union = areas(first).reshape([-1, 1]) + areas(second).reshape([1, -1]) - shared
        let nothing = Tensor.zeros([], dtype: first.dtype, device: first.device)
        return Tensor.choose(shared.isGreater(than: 0), shared / union, nothing)
    }

    /// The boxes with every coordinate moved into the picture.
    public static func clipped(_ boxes: Tensor, to size: ImageSize) -> Tensor {
        let sides = columns(boxes)
        let across = 0...Double(size.width)
        let down = 0...Double(size.height)
        return Tensor.concatenate(
            [
                sides[0].clamped(to: across), sides[1].clamped(to: down),
                sides[2].clamped(to: across), sides[3].clamped(to: down),
            ], dimension: 1)
    }

    /// Whether both sides of each box exceed a number of pixels, bool `[N]`.
    public static func areNonempty(_ boxes: Tensor, sidesAbove threshold: Double = 0) -> Tensor {
        let sides = columns(boxes)
        let wide = (sides[2] - sides[0]).isGreater(than: threshold)
        return wide.and((sides[3] - sides[1]).isGreater(than: threshold)).reshape([-1])
    }

    /// Whether no coordinate of each box is infinite or NaN, bool `[N]`.
    public static func areFinite(_ boxes: Tensor) -> Tensor {
        let sides = columns(boxes.isFinite())
        return sides[0].and(sides[1]).and(sides[2]).and(sides[3]).reshape([-1])
    }

    /// The boxes with coordinates multiplied by a factor for each axis.
    public static func scaled(_ boxes: Tensor, x: Double, y: Double) -> Tensor {
        boxes * Tensor([x, y, x, y]).to(boxes.dtype).to(boxes.device)
    }

    /// The boxes of a picture that was resized, in the pixels of another size and within it.
    ///
    /// The last step of detection: from the network's input to the original picture. Each axis has its own
    /// factor. A box can become empty, so that `areNonempty` comes next.
    ///
    /// Reference: detectron2, `modeling/postprocessing.py`.
    ///
    /// - Parameters:
    ///   - boxes: `[N, 4]` in pixels of `size`.
    ///   - size: the size of the resized picture, without padding.
    ///   - original: the size to come to.
    /// - Returns: `[N, 4]` in pixels of `original`.
    public static func rescaled(
        _ boxes: Tensor, from size: ImageSize, to original: ImageSize
    ) -> Tensor {
        let x = Double(original.width) / Double(size.width)
        let y = Double(original.height) / Double(size.height)
        return clipped(scaled(boxes, x: x, y: y), to: original)
    }
}
