extension RunLengthMask {
    /// Makes a mask of the pixels that are inside of any of some polygons, as pycocotools does, pixel for pixel.
    ///
    /// A polygon has an inside and an outside by the even-odd rule. One of fewer than three corners, or with a
    /// coordinate that is not finite, adds nothing. What lies outside of the mask is cut off.
    ///
    /// - Parameters:
    ///   - polygons: the corners of each polygon, x and y in turn, in pixels; a number without a partner at the end
    ///     is left out.
    ///   - height: rows of pixels.
    ///   - width: columns of pixels.
    /// - Precondition: the size is not negative and has fewer than 2³² pixels.
    public init(polygons: [[Double]], height: Int, width: Int) {
        Self.require(height: height, width: width)
        var outlines = Outlines()
        var counts: [UInt32] = []
        outlines.appendRuns(of: polygons, height: height, width: width, to: &counts)
        self.init(filling: counts, height: height, width: width)
    }

    /// Makes a square mask of what polygons have inside of a box, which is stretched over the square.
    ///
    /// These are the mask targets of Mask R-CNN. A side of the box that is shorter than a tenth of a pixel counts as
    /// a tenth.
    ///
    /// Reference: `rasterize_polygons_within_box` of detectron2's `structures/masks.py`.
    ///
    /// - Parameters:
    ///   - polygons: the corners of each polygon, x and y in turn, in the pixels that the box is in.
    ///   - box: the left, upper, right and lower edge.
    ///   - size: rows and columns of the mask.
    /// - Precondition: the size is not negative and the mask has fewer than 2³² pixels.
    public init(
        polygons: [[Double]], in box: (left: Double, top: Double, right: Double, bottom: Double),
        size: Int
    ) {
        let shortest = 0.1
        let scales = [
            Double(size) / max(box.right - box.left, shortest),
            Double(size) / max(box.bottom - box.top, shortest),
        ]
        let origin = [box.left, box.top]
        let moved = polygons.map { polygon in
            polygon.indices.map { (polygon[$0] - origin[$0 % 2]) * scales[$0 % 2] }
        }
        self.init(polygons: moved, height: size, width: size)
    }
}
