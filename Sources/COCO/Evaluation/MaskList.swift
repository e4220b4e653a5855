import Masks

/// Some masks as runs one after the other, whose memory is used again.
struct MaskList {
    struct Size: Equatable {
        let height: Int
        let width: Int

        init(height: Int, width: Int) {
            self.height = height
            self.width = width
        }

        /// The size of an image; nil where the file lacks a side.
        init?(_ image: COCOImage) {
            guard let height = image.height, let width = image.width else { return nil }
            self.init(height: height, width: width)
        }
    }

    private(set) var sizes: [Size] = []

    /// The pixels inside of each.
    private(set) var areas: [Int] = []

    private var runs: [UInt32] = []
    private var starts = [0]
    private var outlines = Outlines()

    mutating func removeAll() {
        sizes.removeAll(keepingCapacity: true)
        areas.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        starts.append(0)
    }

    /// Appends a mask.
    ///
    /// - Parameters:
    ///   - segmentation: the mask.
    ///   - size: the size of the image; run lengths have their own.
    /// - Throws: `MaskError` where run lengths do not fill their mask.
    mutating func append(_ segmentation: COCOSegmentation, _ size: Size) throws(MaskError) {
        switch segmentation {
        case .packed(let packed, let height, let width):
            let area = try RunLengthMask.appendRuns(
                of: packed[...], height: height, width: width, to: &runs)
            close(Size(height: height, width: width), area)
        case .polygons(let polygons):
            let area = outlines.appendRuns(
                of: polygons, height: size.height, width: size.width, to: &runs)
            close(size, area)
        case .counts:
            let mask = try segmentation.mask(height: size.height, width: size.width)
            runs.append(contentsOf: mask.counts)
            close(Size(height: mask.height, width: mask.width), mask.area)
        }
    }

    private mutating func close(_ size: Size, _ area: Int) {
        sizes.append(size)
        areas.append(area)
        starts.append(runs.count)
    }

    /// The box around a mask.
    func box(_ index: Int) -> PixelBox {
        RunLengthMask(
            filling: Array(runs[starts[index]..<starts[index + 1]]), height: sizes[index].height,
            width: sizes[index].width
        ).box
    }

    /// How many pixels are inside of one of these masks and of one of others.
    func intersection(_ index: Int, with other: MaskList, _ otherIndex: Int) -> Int {
        runs[starts[index]..<starts[index + 1]].withUnsafeBufferPointer { own in
            other.runs[other.starts[otherIndex]..<other.starts[otherIndex + 1]]
                .withUnsafeBufferPointer { RunLengthMask.intersection(own, $0) }
        }
    }
}
