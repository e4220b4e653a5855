import Masks
import Torch

/// Which pixels of a picture belong to an instance.
public enum InstanceMask: Sendable, Equatable {
    /// What is inside of any of some polygons: the corners of each, x and y in turn, in pixels.
    case polygons([[Double]])

    /// Pixels of a picture.
    case pixels(RunLengthMask)

    /// The smallest box around the polygons' corners, or around the pixels; of no size at the origin where there is
    /// nothing.
    public var bounds: (left: Double, top: Double, right: Double, bottom: Double) {
        switch self {
        case .pixels(let runs):
            let box = runs.box
            return (
                Double(box.x), Double(box.y), Double(box.x + box.width),
                Double(box.y + box.height)
            )
        case .polygons(let polygons):
            /// The extremes of the coordinates that begin at an index.
            func extremes(_ first: Int) -> (Double, Double) {
                let all = polygons.flatMap { polygon in
                    stride(from: first, to: polygon.count, by: 2).map { polygon[$0] }
                }
                return (all.min() ?? 0, all.max() ?? 0)
            }
            let (left, right) = extremes(0)
            let (top, bottom) = extremes(1)
            return (left, top, right, bottom)
        }
    }
}

/// What the mask head should say about regions: the instance's mask, stretched from the region to a square.
///
/// Polygons are moved with the region and filled by COCO's rasteriser; pixels are averaged by RoIAlign. The
/// two ways give different targets for the same instance.
///
/// Reference: detectron2, `structures/masks.py`, `crop_and_resize` of both kinds of masks.
///
/// - Parameters:
///   - masks: the instance of each region.
///   - boxes: the regions, `[F, 4]`, in the pixels of the masks.
///   - size: rows and columns of the square.
/// - Returns: 0 and 1, `[F, size, size]`, of the boxes' type and on their device.
public func maskTargets(_ masks: [InstanceMask], boxes: Tensor, size: Int = 28) -> Tensor {
    guard !boxes.isEmptied else { return boxes }
    precondition(
        masks.count == boxes.size(0), "maskTargets: \(masks.count) masks, \(boxes.shape) boxes")
    let sides = boxes.to(.float64).elements(as: Double.self)
    let targets = masks.enumerated().map { index, mask -> Tensor in
        switch mask {
        case .polygons(let polygons):
            let place = 4 * index
            let target = RunLengthMask(
                polygons: polygons,
                in: (sides[place], sides[place + 1], sides[place + 2], sides[place + 3]),
                size: size)
            return Tensor(target.pixels, shape: [1, size, size]).to(boxes.dtype)
        case .pixels(let runs):
            let pixels = Tensor(runs.pixels, shape: [1, runs.height, runs.width])
            let box = boxes.narrow(0, index..<(index + 1)).to(.cpu)
            return pixelMaskTargets(pixels, boxes: box, size: size)
        }
    }
    guard !targets.isEmpty else {
        return .zeros([0, size, size], dtype: boxes.dtype, device: boxes.device)
    }
    return Tensor.concatenate(targets).to(boxes.device)
}

/// The same for masks of pixels: RoIAlign of each, and from ½ on a place belongs to the instance.
///
/// - Parameters:
///   - pixels: 0 and 1, `[F, H, W]`.
///   - boxes: the regions, `[F, 4]`, one for each mask.
///   - size: rows and columns of the square.
/// - Returns: 0 and 1, `[F, size, size]`, of the boxes' type.
public func pixelMaskTargets(_ pixels: Tensor, boxes: Tensor, size: Int = 28) -> Tensor {
    let pooled = RoIAlign(height: size, width: size)(
        [pixels.to(boxes.dtype).unsqueeze(1)], scales: [1], boxes: boxes,
        images: .arange(0..<pixels.size(0), device: boxes.device))
    return pooled.isAtLeast(0.5).to(boxes.dtype).reshape([-1, size, size])
}
