/// A mask of pixels as the lengths of its runs.
///
/// The pixels are counted column by column, each from top to bottom. The first run is of pixels outside of the
/// mask and may be empty, the second of pixels inside, and so on in turn. No operation unpacks the pixels unless
/// it says so.
///
/// Reference: `maskApi.c` and `mask.py` of pycocotools.
public struct RunLengthMask: Sendable, Equatable {
    /// How many rows of pixels there are.
    public let height: Int

    /// How many columns of pixels there are.
    public let width: Int

    /// The lengths of the runs in pixels, those outside and inside of the mask in turn.
    public let counts: [UInt32]

    /// Keeps runs that are known to fill the mask.
    package init(filling counts: [UInt32], height: Int, width: Int) {
        self.height = height
        self.width = width
        self.counts = counts
    }

    /// Makes a mask of plain run lengths.
    ///
    /// - Parameters:
    ///   - counts: the lengths in pixels, those outside and inside of the mask in turn; a length may be 0.
    ///   - height: rows of pixels.
    ///   - width: columns of pixels.
    /// - Throws: `MaskError` where a length is negative or where the runs do not fill the mask exactly.
    public init(counts: [Int], height: Int, width: Int) throws(MaskError) {
        let pixelCount = try Self.pixelCount(height: height, width: width)
        var covered = 0
        for (index, count) in counts.enumerated() {
            guard count >= 0 else { throw .negativeRun(index: index, length: count) }
            guard count <= pixelCount - covered else {
                throw .tooManyPixels(height: height, width: width)
            }
            covered += count
        }
        guard covered == pixelCount else {
            throw .tooFewPixels(covered, height: height, width: width)
        }
        self.init(filling: counts.map { UInt32($0) }, height: height, width: width)
    }

    /// Makes a mask of pixels.
    ///
    /// - Parameters:
    ///   - pixels: row after row, `height * width` of them; whatever is not 0 is inside of the mask.
    ///   - height: rows of pixels.
    ///   - width: columns of pixels.
    /// - Precondition: there are as many pixels as the size says, fewer than 2³².
    public init(pixels: [UInt8], height: Int, width: Int) {
        Self.require(height: height, width: width)
        precondition(
            pixels.count == height * width,
            "RunLengthMask: \(pixels.count) pixels; \(height) rows of \(width)")
        var counts: [UInt32] = []
        var isInside = false
        var length: UInt32 = 0
        for column in 0..<width {
            for row in 0..<height {
                if (pixels[row * width + column] != 0) != isInside {
                    counts.append(length)
                    length = 0
                    isInside.toggle()
                }
                length += 1
            }
        }
        counts.append(length)
        self.init(filling: counts, height: height, width: width)
    }

    /// How many pixels are inside of the mask.
    public var area: Int {
        stride(from: 1, to: counts.count, by: 2).reduce(0) { $0 + Int(counts[$1]) }
    }

    /// The pixels, row after row: 1 inside of the mask and 0 outside, `height * width` of them.
    public var pixels: [UInt8] {
        var pixels = [UInt8](repeating: 0, count: height * width)
        forEachRun { first, end in
            var (column, row) = first.quotientAndRemainder(dividingBy: height)
            for _ in first..<end {
                pixels[row * width + column] = 1
                row += 1
                if row == height { (column, row) = (column + 1, 0) }
            }
        }
        return pixels
    }

    /// Calls with the first pixel of each run inside of the mask and with the one behind its last; no run is empty.
    private func forEachRun(_ body: (_ first: Int, _ end: Int) -> Void) {
        var first = 0
        for (index, count) in counts.enumerated() {
            let end = first + Int(count)
            if index % 2 == 1, count > 0 { body(first, end) }
            first = end
        }
    }

    /// The smallest box around the pixels inside of the mask; of no size at the origin where there are none.
    public var box: PixelBox {
        var (left, right, top, bottom) = (width, -1, height, -1)
        forEachRun { first, end in
            let (firstColumn, firstRow) = first.quotientAndRemainder(dividingBy: height)
            let (lastColumn, lastRow) = (end - 1).quotientAndRemainder(dividingBy: height)
            left = min(left, firstColumn)
            right = lastColumn
            // A run that goes on in the next column reaches the lower edge, and the upper one there.
            top = firstColumn < lastColumn ? 0 : min(top, firstRow)
            bottom = firstColumn < lastColumn ? height - 1 : max(bottom, lastRow)
        }
        guard right >= 0 else { return PixelBox(x: 0, y: 0, width: 0, height: 0) }
        return PixelBox(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }

    /// The pixels of a size that comes from a file.
    static func pixelCount(height: Int, width: Int) throws(MaskError) -> Int {
        let (count, overflow) = height.multipliedReportingOverflow(by: width)
        guard height >= 0, width >= 0, !overflow, UInt32(exactly: count) != nil else {
            throw .size(height: height, width: width)
        }
        return count
    }

    static func require(height: Int, width: Int) {
        precondition(
            (try? pixelCount(height: height, width: width)) != nil,
            "RunLengthMask: no size of a mask; \(height) rows of \(width)")
    }
}
