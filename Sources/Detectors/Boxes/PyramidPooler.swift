import Torch

/// RoIAlign on a pyramid: every box on the level that suits its size.
///
/// A box of the canonical size is on the canonical level, one of half that size on the level below. The
/// level is ⌊canonical + log₂(√area / size + 10⁻⁸)⌋ within those that there are.
///
/// Reference: Lin et al., *Feature Pyramid Networks*, equation 1; detectron2, `modeling/poolers.py`.
public struct PyramidPooler: Sendable, Hashable {
    /// How a region is averaged.
    public let align: RoIAlign

    /// By level: pixels a place.
    public let strides: [Int]

    /// The number of the first level, 2 for p2.
    public let lowestLevel: Int

    /// The side of a square box on the canonical level, in pixels.
    public let canonicalSize: Double

    /// The level of such a box.
    public let canonicalLevel: Int

    /// Describes a pooler; that of detectron2 on p2…p5 by default.
    public init(
        _ align: RoIAlign, strides: [Int] = [4, 8, 16, 32], lowestLevel: Int = 2,
        canonicalSize: Double = 224, canonicalLevel: Int = 4
    ) {
        self.align = align
        self.strides = strides
        self.lowestLevel = lowestLevel
        self.canonicalSize = canonicalSize
        self.canonicalLevel = canonicalLevel
    }

    /// The level of each box.
    ///
    /// - Parameter boxes: `[R, 4]`, in pixels; those of a negative area are on the lowest level.
    /// - Returns: numbers of maps, 0 for `lowestLevel`, int64 `[R]`.
    public func levels(of boxes: Tensor) -> Tensor {
        let sides = Boxes.areas(boxes).clamped(atLeast: 0).sqrt()
        let level = ((sides / canonicalSize + 1e-8).log2() + Double(canonicalLevel)).floor()
        let lowest = Double(lowestLevel)
        let known = level.clamped(to: lowest...(lowest + Double(strides.count - 1)))
        return (known + -lowest).to(.int64)
    }

    /// The averages of all boxes, those of the first picture first.
    ///
    /// - Parameters:
    ///   - maps: by level, `[N, C, h, w]`.
    ///   - boxes: by picture, `[Rᵢ, 4]`, in pixels of the network's input.
    ///   - format: in which order the result lies: `.contiguous` where it is flattened next, `.channelsLast`
    ///     where convolutions follow.
    /// - Returns: `[ΣRᵢ, C, height, width]`.
    public func callAsFunction(
        _ maps: [Tensor], boxes: [Tensor], format: MemoryFormat = .contiguous
    ) -> Tensor {
        precondition(
            maps.count == strides.count,
            "PyramidPooler: \(maps.count) maps for \(strides.count) levels")
        let all = Tensor.concatenate(boxes)
        let images = boxes.enumerated().flatMap { image, some in
            repeatElement(Int64(image), count: some.size(0))
        }
        return align(
            maps, scales: strides.map { 1 / Double($0) }, boxes: all,
            images: Tensor(images).to(all.device), levels: levels(of: all), format: format)
    }
}
