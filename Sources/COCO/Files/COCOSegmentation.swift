import Masks

/// The pixels of an object as COCO's files describe them.
public enum COCOSegmentation: Sendable, Equatable {
    /// The corners of polygons, x and y in turn, in pixels of the image; the object is their union.
    case polygons([[Double]])
    /// Plain run lengths, with the size of the mask.
    case counts([Int], height: Int, width: Int)
    /// The bytes of packed run lengths, with the size of the mask.
    case packed([UInt8], height: Int, width: Int)

    /// The mask.
    ///
    /// - Parameters:
    ///   - height: rows of the image; run lengths have a size of their own.
    ///   - width: columns of the image.
    /// - Returns: the mask, whose size is that of the run lengths where there are such.
    /// - Throws: `MaskError` where run lengths do not fill their mask, or where the size is none.
    public func mask(height: Int, width: Int) throws(MaskError) -> RunLengthMask {
        switch self {
        case .polygons(let polygons):
            guard height >= 0, width >= 0, height.multipliedFullWidth(by: width).high == 0,
                height * width <= UInt32.max
            else { throw .size(height: height, width: width) }
            return RunLengthMask(polygons: polygons, height: height, width: width)
        case .counts(let counts, let height, let width):
            return try RunLengthMask(counts: counts, height: height, width: width)
        case .packed(let packed, let height, let width):
            return try RunLengthMask(packed: packed, height: height, width: width)
        }
    }
}
