import Masks
import Testing
import Torch
import TorchTestSupport

@testable import Detectors

@Suite struct MaskTests {
    @Test("Masks are pasted as PyTorch's grid_sample samples them, by kernel and by operators")
    func pasting() throws {
        for golden in try OperationValues.at("paste").list {
            let size = try golden.at("size").ints
            let given = try golden.at("masks")
            let masks =
                given.optional("value") == nil
                ? try given.filled + given.at("offset").number
                : Tensor.ones(try given.at("shape").ints, dtype: .float64)
            let boxes = try golden.at("boxes").boxes
            let threshold = try golden.at("threshold").number
            let picture = ImageSize(height: size[0], width: size[1])
            let expected = try golden.at("rows").list.flatMap { try $0.strings }.joined()
            let kernel = pastedMasks(masks, boxes: boxes, size: picture, threshold: threshold)
            let operators = pastedByOperators(
                masks, boxes: boxes, size: picture, threshold: threshold)
            for found in [kernel, operators] {
                #expect(found.shape == [boxes.size(0)] + size)
                let rows = found.elements(as: Bool.self).map { $0 ? "1" : "0" }.joined()
                #expect(rows == expected)
            }
        }
    }

    @Test("A box of no width and one of no number get an empty mask")
    func emptyBoxes() {
        let boxes = Tensor([5.0, 5, 5, 9, .nan, 1, 2, 3, 0, 0, .infinity, 4], shape: [3, 4])
        let found = pastedMasks(
            .ones([3, 4, 4], dtype: .float64), boxes: boxes,
            size: ImageSize(height: 12, width: 10))
        #expect(!found.elements(as: Bool.self).contains(true))
    }

    @Test("Without masks there is nothing to paste, and there are no targets")
    func nothing() {
        let none = Tensor.zeros([0, 4])
        let size = ImageSize(height: 3, width: 5)
        #expect(pastedMasks(.zeros([0, 28, 28]), boxes: none, size: size).shape == [0, 3, 5])
        #expect(maskTargets([], boxes: none).shape == [0, 28, 28])
        #expect(pixelMaskTargets(.zeros([0, 3, 5]), boxes: none).shape == [0, 28, 28])
    }

    @Test("Targets of polygons and of pixels come in one call, in the order of the boxes")
    func mixedTargets() {
        let square = InstanceMask.polygons([[2, 2, 8, 2, 8, 8, 2, 8]])
        var pixels = [UInt8](repeating: 0, count: 100)
        for row in 2..<8 { for column in 2..<8 { pixels[10 * row + column] = 1 } }
        let same = InstanceMask.pixels(RunLengthMask(pixels: pixels, height: 10, width: 10))
        let boxes = Tensor([2.0, 2, 8, 8, 2, 2, 8, 8, 2, 2, 5, 8], shape: [3, 4])
        let targets = maskTargets([square, same, square], boxes: boxes, size: 6)
        #expect(targets.dtype == .float64)
        #expect(targets.sum([1, 2]).elements(as: Double.self) == [36, 36, 36])
        #expect(same.bounds == (2, 2, 8, 8))
    }
}
