import CDetection
import Torch

/// Averages regions of maps in a grid of bins, by samples that are interpolated between places.
///
/// Nothing is rounded: a region's edges lie where its box says. A sample up to one place outside the map
/// takes the border's value, a farther one 0. An empty or inverted box gives zeros.
///
/// Reference: He et al., *Mask R-CNN*, section 3; detectron2, `layers/roi_align.py` (ROIAlignV2).
public struct RoIAlign: Sendable, Hashable {
    /// Rows of bins.
    public let height: Int

    /// Columns of bins.
    public let width: Int

    /// Samples of a bin on each axis; 0 takes as many as the bin has places, rounded up.
    public let samplingRatio: Int

    /// Whether a place is a square around its centre; if not, boxes lie half a place further down and right
    /// on the map, and are at least one place wide and high.
    public let aligned: Bool

    /// Describes the bins.
    public init(height: Int, width: Int, samplingRatio: Int = 0, aligned: Bool = true) {
        precondition(
            height > 0 && width > 0 && samplingRatio >= 0,
            "RoIAlign: \(height) × \(width) bins with \(samplingRatio) samples")
        self.height = height
        self.width = width
        self.samplingRatio = samplingRatio
        self.aligned = aligned
    }

    /// Averages regions, each on one of some maps.
    ///
    /// Gradients flow to the maps, not to the boxes.
    ///
    /// - Parameters:
    ///   - maps: `[N, C, h, w]` of one type; those that lie channels last are taken as they are.
    ///   - scales: for each map the number of its places a pixel, 1 / stride.
    ///   - boxes: `[R, 4]`, in pixels.
    ///   - images: of which picture each region is, int64 `[R]`, in `0..<N`.
    ///   - levels: on which map it is, int64 `[R]`; on the first one where this is left out.
    ///   - format: in which order the result lies.
    /// - Returns: `[R, C, height, width]`, in the maps' type.
    public func callAsFunction(
        _ maps: [Tensor], scales: [Double], boxes: Tensor, images: Tensor, levels: Tensor? = nil,
        format: MemoryFormat = .contiguous
    ) -> Tensor {
        precondition(
            !maps.isEmpty && maps.count == scales.count,
            "RoIAlign: \(maps.count) maps with \(scales.count) scales")
        if let emptied = (maps + [boxes, images]).first(where: \.isEmptied) { return emptied }
        let regions = Regions(
            align: self, scales: scales, boxes: boxes.detach(), images: images, levels: levels,
            format: format)
        guard maps[0].device == .cpu else { return regions.pooledByOperators(maps) }
        return regions.pooledByKernel(maps)
    }
}

/// The regions of one call.
struct Regions: Sendable {
    let align: RoIAlign
    let scales: [Double]
    let boxes: Tensor
    let images: Tensor
    let levels: Tensor?
    let format: MemoryFormat

    /// How many there are.
    var count: Int { boxes.size(0) }

    /// The shape of the result.
    func shape(channels: Int) -> [Int] { [count, channels, align.height, align.width] }
}
