/// Where the middle of a resized picture's side comes from and goes, as torchvision's `CenterCrop` has it.
struct CentreCrop {
    /// The pixels of the resized picture that are kept.
    let kept: Range<Int>
    /// How many black pixels precede them.
    let offset: Int

    /// - Parameters:
    ///   - length: Of the resized picture's side.
    ///   - crop: Of the result's.
    init(length: Int, crop: Int) {
        guard length >= crop else {
            kept = 0..<length
            offset = (crop - length) / 2
            return
        }
        // Python's `round`: a half goes to the even neighbour.
        let start = Int((Double(length - crop) / 2).rounded(.toNearestOrEven))
        kept = start..<(start + crop)
        offset = 0
    }

    /// The size of a picture whose shorter side is resized; the longer one is cut off, not rounded.
    static func resized(width: Int, height: Int, shorter: Int) -> (width: Int, height: Int) {
        let longer = Double(shorter * max(width, height)) / Double(min(width, height))
        return width <= height ? (shorter, Int(longer)) : (Int(longer), shorter)
    }
}

/// One side of a box in a picture that is decoded at a fraction of its size.
struct ReducedSide {
    /// The pixels of the reduced picture that the box touches.
    let pixels: Range<Int>
    private let start: Float
    private let end: Float

    init(_ start: Int, _ length: Int, by scale: Int) {
        pixels = (start / scale)..<((start + length + scale - 1) / scale)
        self.start = Float(start - pixels.lowerBound * scale) / Float(scale)
        end = Float(start + length - pixels.lowerBound * scale) / Float(scale)
    }

    /// The weights that make the side `count` pixels long.
    func key(_ count: Int, isReversed: Bool = false) -> ResizeWeights.Key {
        ResizeWeights.Key(
            length: pixels.count, start: start, end: end, count: count, wanted: 0..<count,
            isReversed: isReversed)
    }

    /// The largest reduction that leaves as many pixels as the result has.
    static func scale(of box: CropBox, to size: Int) -> Int {
        [8, 4, 2].first { min(box.width, box.height) >= $0 * size } ?? 1
    }
}

extension Range<Int> {
    /// The same range further on.
    func moved(by distance: Int) -> Range<Int> { (lowerBound + distance)..<(upperBound + distance) }
}
