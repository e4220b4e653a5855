import COCO
import Masks
import Testing

/// What pycocotools 2.0.11 does, as figures of small scenes that were computed by it.
@Suite("Rules of the evaluation of masks")
struct MaskRuleTests {
    private let square: [Double] = [10, 10, 50, 50]

    /// A rectangle as a polygon.
    private func polygon(_ box: [Double]) -> [Double] {
        let (x, y, width, height) = (box[0], box[1], box[2], box[3])
        return [x, y, x + width, y, x + width, y + height, x, y + height]
    }

    /// A rectangle as packed runs.
    private func packed(_ box: [Double], height: Int = 480, width: Int = 640) -> COCOSegmentation {
        let mask = RunLengthMask(polygons: [polygon(box)], height: height, width: width)
        return .packed(Array(mask.packed.utf8), height: height, width: width)
    }

    private func plain(_ box: [Double]) -> COCOSegmentation {
        let mask = RunLengthMask(polygons: [polygon(box)], height: 480, width: 640)
        return .counts(mask.counts.map { Int($0) }, height: 480, width: 640)
    }

    @Test(
        "An object in any form is found by a result in any form, plain ones and polygons with boxes"
    )
    func forms() throws {
        let forms = [.polygons([polygon(square)]), packed(square), plain(square)]
        for truth in forms {
            for (index, result) in forms.enumerated() {
                for box in [square, nil] where box != nil || index == 1 {
                    var scene = Scene()
                    scene.truth(square, segmentation: truth)
                    scene.result(box, 0.5, segmentation: result)
                    #expect(try scene.averagePrecision(.segm) == 1)
                }
            }
        }
    }

    @Test("The area of a result is that of its box where there are boxes, else that of its mask")
    func areas() throws {
        for (box, expected) in [([300, 300, 50, 50], 0.5), (nil, 1)] as [([Double]?, Double)] {
            var scene = Scene()
            scene.truth(square, segmentation: packed(square))
            scene.result(box, 0.9, segmentation: packed([300, 300, 10, 10]))
            scene.result(box.map { _ in square }, 0.5, segmentation: packed(square))
            #expect(try scene.figure("APm", .segm) == expected)
        }
    }

    @Test("A result with a box alone has its rectangle as its mask")
    func boxesAlone() throws {
        var scene = Scene()
        scene.truth(square, segmentation: packed(square))
        scene.result(square, 0.5)
        #expect(try scene.averagePrecision(.segm) == 1)
        #expect(try scene.evaluate(.segm).remarks == [.masksOfBoxes(path: "dt.json", count: 1)])
        scene.results = []
        scene.result([.nan, 10, 50, 50], 0.5)
        #expect(
            throws: COCOEvaluationError.polygons(
                path: "dt.json", entry: "result 1", expected: "numbers that are finite",
                found: "others")
        ) { try scene.evaluate(.segm) }
    }

    @Test("Boxes are those around the masks where the results have masks alone")
    func boxesOfMasks() throws {
        var scene = Scene()
        scene.truth(square)
        scene.result(nil, 0.5, segmentation: packed(square))
        #expect(try scene.averagePrecision(.bbox) == 1)
        #expect(try scene.evaluate(.bbox).remarks == [.boxesOfMasks(path: "dt.json")])
    }

    @Test("The share of a mask in a crowd region is that of its own pixels")
    func crowds() throws {
        var scene = Scene()
        scene.truth(square, segmentation: packed(square))
        scene.truth(
            [100, 100, 100, 100], isCrowd: true, segmentation: plain([100, 100, 100, 100]))
        scene.result(nil, 0.9, segmentation: packed([110, 110, 20, 20]))
        scene.result(nil, 0.5, segmentation: packed(square))
        #expect(try scene.averagePrecision(.segm) == 1)
    }

    @Test("Masks of another size overlap with nothing")
    func otherSizes() throws {
        var scene = Scene()
        scene.truth(square, segmentation: packed(square))
        scene.result(nil, 0.5, segmentation: packed(square, height: 640, width: 480))
        #expect(try scene.averagePrecision(.segm) == 0)
        #expect(try scene.evaluate(.segm).remarks == [.otherSizes(path: "dt.json", count: 1)])
    }

    @Test("Of polygons the first needs three points, and others add what they have")
    func polygons() throws {
        for (polygons, expected) in [
            ([polygon(square), [1, 2, 3, 4]], 1), ([polygon(square), []], 1),
            ([[0, 0, 5, 5, 3]], 0),
        ] as [([[Double]], Double)] {
            var scene = Scene()
            scene.truth(square, segmentation: .polygons(polygons))
            scene.result(nil, 0.5, segmentation: packed(square))
            #expect(try scene.averagePrecision(.segm) == expected)
        }
        for polygons in [
            [], [[]], [[1, 2]], [[1, 2, 3, 4], polygon(square)], [[1, 2, 3, .nan, 5, 6]],
        ] as [[[Double]]] {
            var scene = Scene()
            scene.truth(square, segmentation: .polygons(polygons))
            scene.result(nil, 0.5, segmentation: packed(square))
            let error = #expect(throws: COCOEvaluationError.self) { try scene.evaluate(.segm) }
            guard case .polygons("gt.json", "annotation 1 (id 1)", _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("Runs that do not fill their mask are refused, of objects and of results")
    func badRuns() throws {
        let bad = COCOSegmentation.counts([5, 5], height: 480, width: 640)
        let problem = MaskError.tooFewPixels(10, height: 480, width: 640)
        var scene = Scene()
        scene.truth(square, segmentation: bad)
        scene.result(square, 0.5, segmentation: packed(square))
        #expect(
            throws: COCOEvaluationError.mask(path: "gt.json", entry: "annotation 1 (id 1)", problem)
        ) { try scene.evaluate(.segm) }
        scene = Scene()
        scene.truth(square, segmentation: packed(square))
        scene.result(square, 0.5, segmentation: bad)
        #expect(throws: COCOEvaluationError.mask(path: "dt.json", entry: "result 1", problem)) {
            try scene.evaluate(.segm)
        }
    }

    @Test("Objects and results are checked wherever they are, also where nothing is to be compared")
    func unmatched() throws {
        let bad = COCOSegmentation.counts([5, 5], height: 480, width: 640)
        var scene = Scene(images: [1, 2])
        scene.truth(square, segmentation: packed(square))
        scene.result(square, 0.5, segmentation: packed(square))
        var other = scene
        scene.truth(image: 2, square, segmentation: bad)
        #expect(throws: COCOEvaluationError.self) { try scene.evaluate(.segm) }
        other.result(image: 2, square, 0.5, segmentation: bad)
        #expect(throws: COCOEvaluationError.self) { try other.evaluate(.segm) }
    }

    @Test("Masks without boxes have to be packed")
    func unpacked() throws {
        for form in [plain(square), .polygons([polygon(square)])] {
            for type in COCOEvaluationType.allCases {
                var scene = Scene()
                scene.truth(square, segmentation: packed(square))
                scene.result(nil, 0.5, segmentation: form)
                #expect(throws: COCOEvaluationError.unpacked(path: "dt.json", entry: "result 1")) {
                    try scene.evaluate(type)
                }
            }
        }
    }

    @Test("An image without a size has no masks")
    func noSize() throws {
        var scene = Scene()
        scene.truth(square, segmentation: packed(square))
        scene.result(square, 0.5, segmentation: packed(square))
        scene.images = [COCOImage(id: 1, height: 480)]
        #expect(throws: COCOEvaluationError.noSize(path: "gt.json", image: "1")) {
            try scene.evaluate(.segm)
        }
        #expect(try scene.averagePrecision(.bbox) == 1)
    }
}
