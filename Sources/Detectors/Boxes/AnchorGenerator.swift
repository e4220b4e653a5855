import Foundation
import Torch

/// The boxes that a network starts from: some of fixed sizes and shapes around every place of its maps.
///
/// The first place of a map has its anchors at the picture's corner, not half a stride inside, unless there
/// is an offset. Sizes are not rounded. Nothing is left out that reaches outside the picture.
///
/// Reference: detectron2, `modeling/anchor_generator.py`; sizes and shapes of Lin et al., *Feature Pyramid
/// Networks*, section 4.1, and *Focal Loss for Dense Object Detection*, section 4.
public struct AnchorGenerator: Sendable, Hashable {
    /// By level: the square roots of the anchors' areas, in pixels.
    public let sizes: [[Double]]

    /// By level: heights divided by widths.
    public let ratios: [[Double]]

    /// By level: the distance of neighbouring places, in pixels.
    public let strides: [Int]

    /// Where in its place an anchor is centred, as a share of the stride, in 0..<1.
    public let offset: Double

    /// Makes a generator.
    ///
    /// - Parameters:
    ///   - sizes: a list for each level, or one for all.
    ///   - ratios: a list for each level, or one for all.
    ///   - strides: one for each level.
    ///   - offset: a share of the stride.
    public init(sizes: [[Double]], ratios: [[Double]], strides: [Int], offset: Double = 0) {
        func spread(_ lists: [[Double]], _ name: String) -> [[Double]] {
            precondition(
                lists.count == 1 || lists.count == strides.count,
                "AnchorGenerator: \(lists.count) lists of \(name) for \(strides.count) levels")
            return lists.count == 1 ? strides.map { _ in lists[0] } : lists
        }
        self.sizes = spread(sizes, "sizes")
        self.ratios = spread(ratios, "ratios")
        self.strides = strides
        self.offset = offset
    }

    /// That of Faster and Mask R-CNN on p2…p6: one size a level, three shapes.
    public static let fasterRCNN = AnchorGenerator(
        sizes: [[32], [64], [128], [256], [512]], ratios: [[0.5, 1, 2]],
        strides: [4, 8, 16, 32, 64])

    /// That of RetinaNet on p3…p7: three sizes a level, three shapes.
    public static let retinaNet = AnchorGenerator(
        sizes: [32.0, 64, 128, 256, 512].map { size in
            [size, size * pow(2, 1.0 / 3), size * pow(2, 2.0 / 3)]
        }, ratios: [[0.5, 1, 2]], strides: [8, 16, 32, 64, 128])

    /// How many anchors each place of a level has.
    public func countPerPlace(level: Int) -> Int { sizes[level].count * ratios[level].count }

    /// The anchors of one place around the origin: all shapes of the first size, then of the next.
    ///
    /// - Parameter level: from 0.
    /// - Returns: left, top, right and bottom of each.
    public func cell(level: Int) -> [[Double]] {
        sizes[level].flatMap { size in
            ratios[level].map { ratio in
                let width = (size * size / ratio).squareRoot()
                let height = ratio * width
                return [-width / 2, -height / 2, width / 2, height / 2]
            }
        }
    }

    /// The anchors of all levels, place by place in rows, and at each place as in `cell`.
    ///
    /// - Parameters:
    ///   - mapSizes: the sizes of the levels' maps.
    ///   - dtype: the type of the boxes, in which they are added up.
    ///   - device: where they are to be.
    /// - Returns: for each level `[h · w · anchors, 4]`.
    public func anchors(
        mapSizes: [ImageSize], dtype: DType = .float32, device: Device = .cpu
    ) -> [Tensor] {
        precondition(
            mapSizes.count == strides.count,
            "AnchorGenerator: \(mapSizes.count) maps for \(strides.count) levels")
        return mapSizes.indices.map { level in
            let size = mapSizes[level]
            let cell = cell(level: level)
            let places =
                coordinates(size.width, level: level).reshape([1, -1, 1])
                * Tensor([1.0, 0, 1, 0]).to(device)
                + coordinates(size.height, level: level).reshape([-1, 1, 1])
                * Tensor([0.0, 1, 0, 1]).to(device)
            let anchors =
                places.to(dtype).reshape([-1, 1, 4])
                + Tensor(cell.flatMap(\.self), shape: [1, cell.count, 4]).to(dtype).to(device)
            return anchors.reshape([-1, 4])
        }

        /// Where the anchors of one row or column of a map are centred, in pixels.
        func coordinates(_ count: Int, level: Int) -> Tensor {
            (Tensor.arange(0..<count, device: device).to(.float64) + offset)
                * Double(strides[level])
        }
    }
}
