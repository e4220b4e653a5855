/// A box as COCO's files have it, in pixels: its left upper corner and its size.
public struct COCOBox: Sendable, Equatable {
    /// The left edge.
    public var x: Double

    /// The upper edge.
    public var y: Double

    /// The width.
    public var width: Double

    /// The height.
    public var height: Double

    /// Makes a box of its left upper corner and its size.
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// Width times height, which is negative where one of them is.
    public var area: Double { width * height }
}
