/// Run lengths packed into text.
///
/// A number takes as many characters as it needs, five bits in each, the lowest first: bit 5 of a character says
/// that another one follows, and bit 4 of the last one is the sign. From the fourth run on, the number is the
/// difference to the run two before. The characters begin at '0'.
///
/// Reference: `rleToString` and `rleFrString` of `maskApi.c`.
extension RunLengthMask {
    private static let firstCharacter: UInt8 = 48
    private static let following = 0x20
    private static let sign = 0x10

    /// Reads packed run lengths.
    ///
    /// - Parameters:
    ///   - packed: the text, as `counts` of COCO's files has it.
    ///   - height: rows of pixels.
    ///   - width: columns of pixels.
    /// - Throws: `MaskError` where the text is none of packed runs or where the runs do not fill the mask exactly.
    public init(packed: String, height: Int, width: Int) throws(MaskError) {
        try self.init(packed: Array(packed.utf8), height: height, width: width)
    }

    /// Reads packed run lengths from the bytes of their text.
    public init(packed: [UInt8], height: Int, width: Int) throws(MaskError) {
        var counts: [UInt32] = []
        counts.reserveCapacity(packed.count)
        try Self.appendRuns(of: packed[...], height: height, width: width, to: &counts)
        self.init(filling: counts, height: height, width: width)
    }

    /// The run lengths as packed text.
    public var packed: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(counts.count * 2)
        for (index, count) in counts.enumerated() {
            var rest = Int(count) - (index > 2 ? Int(counts[index - 2]) : 0)
            var isLast = false
            while !isLast {
                let bits = rest & 0x1F
                rest >>= 5
                isLast = rest == (bits & Self.sign == 0 ? 0 : -1)
                bytes.append(UInt8(bits | (isLast ? 0 : Self.following)) + Self.firstCharacter)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the runs of a packed text to others.
    ///
    /// - Returns: the pixels inside of the mask.
    @discardableResult
    package static func appendRuns(
        of packed: ArraySlice<UInt8>, height: Int, width: Int, to counts: inout [UInt32]
    ) throws(MaskError) -> Int {
        let pixelCount = try pixelCount(height: height, width: width)
        var (covered, inside) = (0, 0)
        // The number that is read, and its bits so far.
        var (number, shift) = (0, 0)
        // The run before, and the one before that.
        var (last, former) = (0, 0)
        var index = 0
        for place in packed.indices {
            let bits = Int(packed[place]) &- Int(firstCharacter)
            guard bits & ~0x3F == 0 else {
                throw .character(
                    offset: place - packed.startIndex, Unicode.Scalar(packed[place]))
            }
            number |= (bits & 0x1F) &<< shift
            shift += 5
            guard bits & following == 0 else {
                guard shift <= 40 else { throw .tooLong(index: index) }
                continue
            }
            if bits & sign != 0 { number |= -1 &<< shift }
            let length = index > 2 ? number + former : number
            guard length >= 0 else { throw .negativeRun(index: index, length: length) }
            guard length <= pixelCount - covered else {
                throw .tooManyPixels(height: height, width: width)
            }
            counts.append(UInt32(truncatingIfNeeded: length))
            covered += length
            if index & 1 == 1 { inside += length }
            (last, former) = (length, last)
            (number, shift) = (0, 0)
            index += 1
        }
        guard shift == 0 else { throw .cutOff }
        guard covered == pixelCount else {
            throw .tooFewPixels(covered, height: height, width: width)
        }
        return inside
    }
}
