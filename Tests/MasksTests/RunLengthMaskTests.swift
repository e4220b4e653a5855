import Foundation
import Masks
import Testing

@Suite("Masks")
struct RunLengthMaskTests {
    /// The committed values, and those of the file that `REVIEWKD_MASK_VALUES` names.
    private static func values() throws -> [PycocotoolsValues] {
        let more = ProcessInfo.processInfo.environment["REVIEWKD_MASK_VALUES"]
        return try [PycocotoolsValues()] + (more.map { [try PycocotoolsValues($0)] } ?? [])
    }

    @Test("Polygons cover the pixels that they cover for pycocotools, with their area and box")
    func polygons() throws {
        for known in try Self.values().flatMap(\.polygons) {
            let mask = RunLengthMask(
                polygons: known.polygons, height: known.height, width: known.width)
            let box = mask.box
            #expect(mask.packed == known.packed, "\(known)")
            #expect(mask.area == known.area, "\(known)")
            #expect([box.x, box.y, box.width, box.height] == known.box, "\(known)")
        }
    }

    @Test("Packed runs, plain runs and pixels make one mask, and each is made of it again")
    func forms() throws {
        for known in try Self.values().flatMap(\.polygons) {
            let (height, width) = (known.height, known.width)
            let mask = try RunLengthMask(packed: known.packed, height: height, width: width)
            #expect(mask.packed == known.packed)
            let counts = mask.counts.map { Int($0) }
            #expect(try RunLengthMask(counts: counts, height: height, width: width) == mask)
            let pixels = mask.pixels
            #expect(pixels.count == height * width)
            #expect(pixels.reduce(0) { $0 + Int($1) } == known.area)
            #expect(RunLengthMask(pixels: pixels, height: height, width: width) == mask)
        }
    }

    @Test("Pixels stand row after row")
    func rows() throws {
        let mask = try RunLengthMask(counts: [1, 2, 1, 1, 1], height: 2, width: 3)
        #expect(mask.pixels == [0, 1, 1, 1, 0, 0])
        #expect(mask.box == PixelBox(x: 0, y: 0, width: 3, height: 2))
    }

    @Test("Two masks overlap as they do for pycocotools")
    func overlap() throws {
        for pair in try PycocotoolsValues().pairs {
            let (height, width) = (pair.height, pair.width)
            let first = try RunLengthMask(packed: pair.first, height: height, width: width)
            let second = try RunLengthMask(packed: pair.second, height: height, width: width)
            #expect(first.intersectionOverUnion(with: second) == pair.iou)
            #expect(second.intersectionOverUnion(with: first) == pair.iou)
            let common = first.intersection(with: second)
            #expect((common == 0 ? 0 : Double(common) / Double(first.area)) == pair.crowd)
        }
    }

    @Test("A run of no pixels between others changes nothing")
    func emptyRuns() throws {
        let mask = try RunLengthMask(counts: [0, 3, 0, 2, 4, 0, 3], height: 4, width: 3)
        let other = try RunLengthMask(counts: [4, 8], height: 4, width: 3)
        #expect(mask.area == 5)
        #expect(mask.box == PixelBox(x: 0, y: 0, width: 2, height: 4))
        #expect(mask.intersection(with: other) == 1)
        #expect(other.intersection(with: mask) == 1)
        let empty = try RunLengthMask(counts: [12, 0], height: 4, width: 3)
        #expect(empty.box == PixelBox(x: 0, y: 0, width: 0, height: 0))
        #expect(empty.intersectionOverUnion(with: empty) == 0)
    }

    @Test("A mask of no pixels has none", arguments: [(0, 0), (0, 5), (5, 0)])
    func noPixels(height: Int, width: Int) throws {
        let mask = RunLengthMask(polygons: [[0, 0, 4, 0, 4, 4]], height: height, width: width)
        #expect(mask.area == 0)
        #expect(mask.pixels.isEmpty)
        #expect(mask.box.width == 0)
        #expect(try RunLengthMask(counts: [], height: height, width: width).area == 0)
    }

    @Test("Polygons without an inside add nothing, wherever they lie")
    func nothing() {
        let square: [Double] = [1, 1, 5, 1, 5, 5, 1, 5]
        let alone = RunLengthMask(polygons: [square], height: 8, width: 8)
        #expect(alone.area == 16)
        for other in [
            [], [3], [3, 3], [1, 2, 6, 7], [0, 0, 7, .nan, 7, 7], [0, 0, .infinity, 0, 7, 7],
            [9e300, 1, 8e300, 1, 9e300, 2],
        ] as [[Double]] {
            for polygons in [[square, other], [other, square]] {
                #expect(RunLengthMask(polygons: polygons, height: 8, width: 8) == alone, "\(other)")
            }
        }
    }

    @Test("A polygon far larger than the mask covers all of it at once")
    func large() {
        let far = 1e15
        let mask = RunLengthMask(
            polygons: [[-far, -far, far, -far, far, far, -far, far]], height: 5, width: 4)
        #expect(mask.counts == [0, 20])
    }

    @Test("The part of a polygon in a box fills a square as the moved and stretched polygon does")
    func targets() {
        let polygon: [Double] = [10, 20, 34, 20, 34, 44, 10, 44]
        let whole = RunLengthMask(polygons: [polygon], in: (10, 20, 34, 44), size: 28)
        #expect(whole.area == 28 * 28)
        let left = RunLengthMask(polygons: [polygon], in: (22, 20, 46, 44), size: 28)
        #expect(left.pixels == (0..<28 * 28).map { $0 % 28 < 14 ? 1 : 0 })
        let top = RunLengthMask(polygons: [polygon], in: (10, 38, 34, 50), size: 28)
        #expect(top.pixels == (0..<28 * 28).map { $0 / 28 < 14 ? 1 : 0 })
        let thin = RunLengthMask(polygons: [polygon], in: (12, 30, 12, 30), size: 4)
        #expect(thin.area == 16)
    }
}
