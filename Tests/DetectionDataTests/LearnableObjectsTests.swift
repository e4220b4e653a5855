import COCO
import Detectors
import Testing

@testable import DetectionData

/// Which annotations are learned, and how.
@Suite("Objects that can be learned") struct LearnableObjectsTests {
    private static let size = ImageSize(height: 50, width: 100)

    private func annotation(
        _ id: COCOIdentifier, _ box: [Double]?, category: COCOIdentifier = 7, isCrowd: Bool = false,
        _ segmentation: COCOSegmentation? = .polygons([[0, 0, 9, 0, 9, 9]])
    ) -> COCOAnnotation {
        COCOAnnotation(
            id: id, imageID: 1, categoryID: category,
            box: box.map { COCOBox(x: $0[0], y: $0[1], width: $0[2], height: $0[3]) },
            isCrowd: isCrowd, segmentation: segmentation)
    }

    private func read(
        _ annotations: [COCOAnnotation], withMasks: Bool = false
    ) throws -> (objects: LearnableObjects, unusable: Int) {
        let file = COCOAnnotations(
            path: "gt.json", images: [COCOImage(id: 1, height: 50, width: 100, fileName: "1.png")],
            categories: [COCOCategory(id: 7), COCOCategory(id: 3)], annotations: annotations)
        var reader = ObjectReader(file, withMasks: withMasks)
        let objects = try reader.objects(ofImage: 0, size: Self.size)
        return (objects, reader.unusable)
    }

    @Test("Classes are numbered by the order of the categories' ids, and crowds are left out")
    func classes() throws {
        let found = try read([
            annotation(1, [10, 5, 20, 10]), annotation(2, [0, 0, 5, 5], category: 3),
            annotation(3, [0, 0, 50, 50], isCrowd: true),
        ])
        #expect(found.objects.classes == [1, 0])
        #expect(found.objects.boxes == [10, 5, 30, 15, 0, 0, 5, 5])
        #expect(found.unusable == 0)
    }

    @Test("Boxes are clipped to the picture, and those without area in it are left out and counted")
    func clipped() throws {
        let found = try read([
            annotation(1, [-5, -5, 20, 10]), annotation(2, [90, 40, 100, 100]),
            annotation(3, [10, 10, 0, 5]), annotation(4, [10, 10, -3, 5]),
            annotation(5, [200, 10, 5, 5]), annotation(6, [.nan, 0, 5, 5]),
            annotation(7, [1, 1, 5, 5], category: 99),
        ])
        #expect(found.objects.boxes == [0, 0, 15, 5, 90, 40, 100, 50])
        #expect(found.unusable == 5)
    }

    @Test("Polygons of fewer than three corners go, and an object without any other goes with them")
    func polygons() throws {
        let found = try read(
            [
                annotation(1, [0, 0, 9, 9], .polygons([[0, 0, 5, 5], [0, 0, 9, 0, 9, 9]])),
                annotation(2, [0, 0, 9, 9], .polygons([[0, 0, 5, 5]])),
            ], withMasks: true)
        #expect(found.objects.masks == [.polygons([[0, 0, 9, 0, 9, 9]])])
        #expect(found.objects.classes.count == 1)
        #expect(found.unusable == 1)
    }

    @Test("An object without a box, or without the mask that is wanted, is an error that names it")
    func missing() {
        #expect(throws: PictureError.noBox(file: "gt.json", annotation: "4")) {
            try read([annotation(4, nil)])
        }
        #expect(throws: PictureError.noMask(file: "gt.json", annotation: "5")) {
            try read([annotation(5, [0, 0, 9, 9], nil)], withMasks: true)
        }
    }

    @Test("Runs that do not fill the picture are an error that names the object")
    func badRuns() {
        let short = COCOSegmentation.counts([10, 20], height: 50, width: 100)
        let other = COCOSegmentation.counts([12], height: 3, width: 4)
        for runs in [short, other] {
            #expect {
                try read([annotation(6, [0, 0, 9, 9], runs)], withMasks: true)
            } throws: { error in
                "\(error)".hasPrefix("gt.json: the segmentation of the annotation 6 cannot be used")
            }
        }
    }
}
