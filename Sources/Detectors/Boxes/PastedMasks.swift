import CDetection
import Torch

/// The masks of detections in the pixels of their picture.
///
/// A mask is stretched over its box and interpolated at the centres of the pixels, with zeros around it. A
/// mask of ones so has the pixels whose centre lies exactly on an edge of the box, but not on a corner.
///
/// Reference: detectron2, `layers/mask_ops.py`.
///
/// - Parameters:
///   - masks: probabilities, `[N, m, n]`.
///   - boxes: `[N, 4]`, in pixels of the picture.
///   - size: the size of the picture.
///   - threshold: from which probability on a pixel belongs to the instance, above 0.
/// - Returns: bool `[N, height, width]`.
public func pastedMasks(
    _ masks: Tensor, boxes: Tensor, size: ImageSize, threshold: Double = 0.5
) -> Tensor {
    if let emptied = [masks, boxes].first(where: \.isEmptied) { return emptied }
    precondition(threshold > 0, "pastedMasks: the threshold \(threshold) is not above 0")
    precondition(
        masks.rank == 3 && masks.size(0) == boxes.size(0),
        "pastedMasks: \(masks.shape) masks for \(boxes.shape) boxes")
    guard masks.device == .cpu else {
        return pastedByOperators(masks, boxes: boxes, size: size, threshold: threshold)
    }
    let numbers = masks.detach().to(.float64).contiguous()
    let places = boxes.detach().to(.float64).contiguous()
    let pixels = Tensor.empty([masks.size(0), size.height, size.width], dtype: .bool, device: .cpu)
    withExtendedLifetime((numbers, places, pixels)) {
        guard let from = numbers.address(), let boxes = places.address(),
            let to = pixels.address()
        else { return }
        cd_paste(
            from.assumingMemoryBound(to: Double.self), boxes.assumingMemoryBound(to: Double.self),
            Int64(masks.size(0)), Int64(masks.size(1)), Int64(masks.size(2)), Int64(size.height),
            Int64(size.width), threshold, BoxKernels.means,
            to.assumingMemoryBound(to: UInt8.self))
    }
    return pixels
}

/// The same by products of matrices: the rows' shares, the mask, and the columns' shares.
func pastedByOperators(
    _ masks: Tensor, boxes: Tensor, size: ImageSize, threshold: Double
) -> Tensor {
    let dtype: DType = masks.dtype == .float64 ? .float64 : .float32
    let sides = Boxes.columns(boxes.to(dtype))
    /// Of each pixel along an axis the shares of the mask's places, `[N, pixels, places]`.
    func shares(_ start: Tensor, _ end: Tensor, pixels: Int, places: Int) -> Tensor {
        let centres = Tensor.arange(0..<pixels, device: boxes.device).to(dtype) + 0.5
        let at = (centres - start) / (end - start) * Double(places) + -0.5  // [N, pixels]
        let distance =
            at.unsqueeze(2) - Tensor.arange(0..<places, device: boxes.device).to(dtype)
        let share = (-distance.abs() + 1).clamped(atLeast: 0)
        let nothing = Tensor.zeros([], dtype: dtype, device: boxes.device)
        return Tensor.choose(share.isFinite(), share, nothing)
    }
    let rows = shares(sides[1], sides[3], pixels: size.height, places: masks.size(1))
    let columns = shares(sides[0], sides[2], pixels: size.width, places: masks.size(2))
    return rows.matmul(masks.to(dtype)).matmul(columns.transposed).isAtLeast(threshold)
}
