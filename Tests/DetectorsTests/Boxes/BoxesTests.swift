import Testing
import Torch
import TorchTestSupport

@testable import Detectors

@Suite struct BoxesTests {
    @Test("Areas are width times height, with no pixel added")
    func areas() {
        let boxes = Tensor([0.0, 0, 10, 5, 2, 3, 2, 9], shape: [2, 4])
        expectClose(Boxes.areas(boxes), [50, 0])
    }

    @Test("Boxes come back to the original picture with a factor for each axis, and are cut there")
    func rescaling() throws {
        let golden = try OperationValues.at("rescaled")
        func size(_ key: String) throws -> ImageSize {
            let size = try golden.at(key).ints
            return ImageSize(height: size[0], width: size[1])
        }
        let found = Boxes.rescaled(
            try golden.at("boxes").boxes, from: try size("size"), to: try size("original"))
        expectClose(found, try golden.at("rescaled").flat)
    }

    @Test("A box with a coordinate that is no number is found")
    func finite() {
        let boxes = Tensor(
            [0.0, 0, 1, 1, .nan, 0, 1, 1, 0, 0, 1, .infinity], shape: [3, 4])
        #expect(Boxes.areFinite(boxes).elements(as: Bool.self) == [true, false, false])
    }

    @Test("Decoding undoes encoding, in float32 as well")
    func roundTrip() {
        let sources = Tensor([10.0, 20, 30, 60, 5, 5, 6, 9], shape: [2, 4])
        let targets = Tensor([12.0, 18, 40, 70, 3, 4, 8, 9.5], shape: [2, 4])
        for dtype in [DType.float64, .float32] {
            let transform = BoxTransform.boxHead
            let deltas = transform.encode(targets.to(dtype), relativeTo: sources.to(dtype))
            let decoded = transform.decode(deltas, relativeTo: sources.to(dtype))
            #expect(decoded.dtype == dtype)
            expectClose(decoded, targets, relative: dtype == .float64 ? 1e-12 : 1e-5)
        }
    }

    @Test("No boxes are as good as any")
    func noBoxes() {
        let none = Tensor.zeros([0, 4])
        let one = Tensor([0, 0, 4, 4], shape: [1, 4]).to(.float32)
        #expect(Boxes.pairwiseIoU(none, one).shape == [0, 1])
        #expect(Boxes.pairwiseIoU(one, none).shape == [1, 0])
        #expect(Boxes.areNonempty(none).shape == [0])
        #expect(BoxTransform().decode(.zeros([0, 12]), relativeTo: none).shape == [0, 12])
        #expect(BoxTransform().encode(none, relativeTo: none).shape == [0, 4])
        let size = ImageSize(height: 4, width: 4)
        #expect(Boxes.rescaled(none, from: size, to: size).shape == [0, 4])
        #expect(nonMaximumSuppression(boxes: none, scores: .zeros([0]), threshold: 0.5).count == 0)
        #expect(suppressedByOperators(none, .zeros([0]), nil, 0.5).count == 0)
        let matches = Matcher.proposals.match(truths: one, predictions: none)
        #expect(matches.labels.shape == [0])
        let negative = Matcher.proposals.match(truths: none, predictions: one)
        #expect(negative.labels.elements(as: Int64.self) == [0])
        #expect(negative.truths.elements(as: Int64.self) == [0])
    }
}
