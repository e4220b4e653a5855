import Detectors
import Masks
import Testing
import Torch

@testable import DetectionData

/// Boxes and masks as a picture is seen.
@Suite("What is to be found in a picture as it is seen") struct PictureViewTests {
    private func view(flipped: Bool) -> PictureView {
        PictureView(
            original: ImageSize(height: 4, width: 8), size: ImageSize(height: 8, width: 24),
            isFlipped: flipped)
    }

    private let objects = LearnableObjects(
        boxes: [1, 0, 3, 2], classes: [5], masks: [.polygons([[1, 0, 3, 0, 3, 2]])])

    @Test("Boxes are scaled along each axis")
    func scaled() {
        let targets = view(flipped: false).targets(objects, key: SampleKey(1))
        #expect(targets.boxes.elements(as: Float.self) == [3, 0, 9, 4])
        #expect(targets.classes.elements(as: Int64.self) == [5])
        #expect(targets.masks == [.polygons([[3, 0, 9, 0, 9, 4]])])
        #expect(targets.originalSize == ImageSize(height: 4, width: 8))
    }

    /// x becomes W − x, as in detectron2, and not W − 1 − x.
    @Test("A mirrored picture has mirrored boxes and polygons")
    func flipped() {
        let targets = view(flipped: true).targets(objects, key: SampleKey(1))
        #expect(targets.boxes.elements(as: Float.self) == [15, 0, 21, 4])
        #expect(targets.masks == [.polygons([[21, 0, 15, 0, 15, 4]])])
    }

    @Test(
        "Masks of pixels become the nearest pixels, mirrored where the picture is",
        arguments: [true, false])
    func pixels(_ flipped: Bool) throws {
        var pixels = [UInt8](repeating: 0, count: 32)
        for y in 1...2 { for x in 2...4 { pixels[8 * y + x] = 1 } }
        var objects = objects
        objects.masks = [.pixels(RunLengthMask(pixels: pixels, height: 4, width: 8))]
        let targets = view(flipped: flipped).targets(objects, key: SampleKey(1))
        guard case .pixels(let mask)? = targets.masks.first else {
            Issue.record("the mask is no mask of pixels")
            return
        }
        // Rows 1 and 2 of 4 become rows 2 to 5 of 8, columns 2 to 4 of 8 become 6 to 14 of 24.
        let columns = flipped ? 9...17 : 6...14
        let expected = (0..<8).flatMap { y in
            (0..<24).map { x in UInt8((2...5).contains(y) && columns.contains(x) ? 1 : 0) }
        }
        #expect(mask.pixels == expected)
    }
}
