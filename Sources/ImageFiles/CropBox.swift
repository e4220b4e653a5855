#if canImport(Glibc)
    import Glibc
#else
    import Foundation
#endif

/// A part of a picture, in pixels of the whole picture.
public struct CropBox: Equatable, Sendable {
    /// The first column.
    public var left: Int
    /// The first row.
    public var top: Int
    /// The number of columns.
    public var width: Int
    /// The number of rows.
    public var height: Int

    /// Gathers the numbers.
    public init(left: Int, top: Int, width: Int, height: Int) {
        self.left = left
        self.top = top
        self.width = width
        self.height = height
    }

    /// The whole of a picture.
    public static func whole(width: Int, height: Int) -> CropBox {
        CropBox(left: 0, top: 0, width: width, height: height)
    }

    /// Draws a box as torchvision's `RandomResizedCrop` does: 8 % to 100 % of the area, and a ratio of the sides
    /// between 3:4 and 4:3 whose logarithm is uniform.
    ///
    /// After ten boxes that do not fit, it is the largest one in the middle with a ratio within those limits.
    ///
    /// - Parameters:
    ///   - width: The picture's width.
    ///   - height: The picture's height.
    ///   - random: Where the numbers come from.
    /// - Returns: A box in the picture.
    public static func randomResized(
        width: Int, height: Int, using random: inout some RandomNumberGenerator
    ) -> CropBox {
        let area = Double(width) * Double(height)
        let (smallest, largest) = (3.0 / 4, 4.0 / 3)
        for _ in 0..<10 {
            let share = area * uniform(0.08, 1, &random)
            let ratio = exp(uniform(log(smallest), log(largest), &random))
            let cut = CropBox(
                left: 0, top: 0, width: rounded((share * ratio).squareRoot()),
                height: rounded((share / ratio).squareRoot()))
            guard cut.width > 0, cut.width <= width, cut.height > 0, cut.height <= height else {
                continue
            }
            return CropBox(
                left: Int(random.next(upperBound: UInt64(width - cut.width + 1))),
                top: Int(random.next(upperBound: UInt64(height - cut.height + 1))),
                width: cut.width, height: cut.height)
        }
        let ratio = Double(width) / Double(height)
        var box = whole(width: width, height: height)
        if ratio < smallest {
            box.height = min(height, rounded(Double(width) / smallest))
        } else if ratio > largest {
            box.width = min(width, rounded(Double(height) * largest))
        }
        box.left = (width - box.width) / 2
        box.top = (height - box.height) / 2
        return box
    }

    /// A number from `low` up to, but not including, `high`, from the upper 53 bits of one draw.
    private static func uniform(
        _ low: Double, _ high: Double, _ random: inout some RandomNumberGenerator
    ) -> Double {
        let bits: UInt64 = random.next() >> 11
        return low + (high - low) * (Double(bits) * 0x1p-53)
    }

    /// Python's `round`: a half goes to the even neighbour.
    private static func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
