import COCO
import Foundation
import Testing

@Suite("Evaluations that make no sense")
struct EvaluationErrorTests {
    private let square: [Double] = [10, 10, 50, 50]

    private func scene(images: [COCOIdentifier] = [1]) -> Scene {
        var scene = Scene(images: images)
        scene.truth(image: images[0], square)
        scene.result(image: images[0], square, 0.5)
        return scene
    }

    @Test("No results are no zero")
    func noResults() {
        var scene = scene()
        scene.results = []
        #expect(throws: COCOEvaluationError.noResults(path: "dt.json")) { try scene.evaluate() }
    }

    @Test("Results for images that are not listed are refused, a text for a number too")
    func unknownImages() {
        for (id, name) in [(7, "7"), ("1", "'1'"), (.fraction(1.5), "1.5")]
            as [(COCOIdentifier, String)]
        {
            var scene = scene()
            scene.truth(image: id, square)
            scene.result(image: id, square, 0.5)
            scene.result(image: id, square, 0.5)
            #expect(
                throws: COCOEvaluationError.unknownImages(
                    path: "dt.json", ids: [name], annotations: "gt.json")
            ) { try scene.evaluate() }
        }
    }

    @Test("Ids of two types have no order")
    func mixedIDs() {
        #expect(throws: COCOEvaluationError.mixedIDs(path: "gt.json", of: "images")) {
            try scene(images: [1, "2"]).evaluate()
        }
    }

    @Test("The first result needs something to compare, and each needs what the first one has")
    func missingParts() {
        var scene = scene()
        scene.results = []
        scene.result(nil, 0.5)
        #expect(throws: COCOEvaluationError.nothingToCompare(path: "dt.json")) {
            try scene.evaluate()
        }
        scene.results = []
        scene.result(square, 0.5)
        scene.result(nil, 0.4)
        let missing = COCOEvaluationError.missing(
            path: "dt.json", entry: "result 2", part: "a 'bbox', as the first result has one")
        #expect(throws: missing) { try scene.evaluate() }
    }

    @Test(
        "Objects need an area, a mark of crowds, and a box or a mask",
        arguments: ["area", "iscrowd", "bbox"])
    func missingKeys(key: String) throws {
        let keys = [
            "id": "1", "image_id": "1", "category_id": "1", "area": "4", "iscrowd": "0",
            "bbox": "[1, 2, 2, 2]", "segmentation": #"{"size": [4, 4], "counts": [6, 2, 8]}"#,
        ]
        func evaluate(without key: String, _ type: COCOEvaluationType) throws -> COCOEvaluation {
            let members = keys.filter { $0.key != key }.map { "\"\($0.key)\": \($0.value)" }
            let text =
                #"{"images": [{"id": 1, "height": 4, "width": 4}], "categories": [{"id": 1}], "#
                + "\"annotations\": [{\(members.joined(separator: ", "))}]}"
            let results = COCOResults(path: "dt.json", results: scene().results)
            return try COCOEvaluation(
                of: results, with: COCOAnnotations(data: Data(text.utf8), path: "gt.json"),
                type: type)
        }
        let error = #expect(throws: COCOEvaluationError.self) { try evaluate(without: key, .bbox) }
        #expect("\(String(describing: error))".contains("annotation 1 (id 1) should have"))
        #expect("\(String(describing: error))".contains("'\(key)'"))
        _ = try evaluate(without: "segmentation", .bbox)
        _ = try evaluate(without: "bbox", .segm)
        #expect(throws: COCOEvaluationError.self) { try evaluate(without: "segmentation", .segm) }
    }

    @Test("Nothing that counts gives −1 for every figure")
    func nothing() throws {
        var scene = scene()
        scene.truths = []
        #expect(try scene.evaluate().figures.values == Array(repeating: -1, count: 12))
        scene.categories = []
        #expect(try scene.evaluate().figures.values == Array(repeating: -1, count: 12))
    }
}
