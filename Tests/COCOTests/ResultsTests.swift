import COCO
import Foundation
import Testing

@Suite("Files of results")
struct ResultsTests {
    private func read(_ text: String, _ parts: COCOParts) throws -> [COCOResult] {
        try COCOResults(data: Data(text.utf8), path: "dt.json", parts: parts).results
    }

    private let mask = #""segmentation": {"size": [4, 5], "counts": "d0"}"#
    private let found = COCOSegmentation.packed(Array("d0".utf8), height: 4, width: 5)

    @Test("Results have their boxes, masks and scores, of which any number is one")
    func results() throws {
        let text =
            #"[{"image_id": 1, "category_id": 2, "score": NaN, "bbox": [1, 2, 3, -4], \#(mask), "id": 4},"#
            + #" {"score": -1e-3, "category_id": 2.0, "image_id": "1"}]"#
        let results = try read(text, [.boxes, .masks])
        #expect(results.map(\.imageID) == [1, "1"])
        #expect(results.map(\.categoryID) == [2, 2])
        #expect(results[0].score.isNaN)
        #expect(results[1].score == -0.001)
        #expect(results.map(\.box) == [COCOBox(x: 1, y: 2, width: 3, height: -4), nil])
        #expect(results.map(\.segmentation) == [found, nil])
        #expect(try read("[]", .boxes).isEmpty)
    }

    @Test("Results that are written are read again as they are, whatever form their masks have")
    func written() throws {
        let masks: [COCOSegmentation] = [
            .polygons([[0, 0.5, 3, 0, 3, 3], [1, 1, 2, 1, 2, 2.25]]),
            .counts([3, 4, 13], height: 4, width: 5), found,
        ]
        let results = zip(0..., masks).map { number, mask in
            COCOResult(
                imageID: .whole(number), categoryID: "cat", score: 0.1 * Double(number),
                box: COCOBox(x: 1, y: 2.5, width: 3, height: 1e-3), segmentation: mask)
        }
        let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).json"
        defer { unlink(path) }
        try COCOResults(path: "", results: results).write(to: path)
        #expect(try COCOResults(contentsOf: path).results == results)
    }

    @Test("COCO's categories are 80 of 91 numbers, those of the file of 2017")
    func categories() {
        let ids = COCOCategory.coco2017.map(\.id)
        let missing = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83].map { COCOIdentifier.whole($0) }
        #expect(ids == (1...90).map { .whole($0) }.filter { !missing.contains($0) })
        let names = COCOCategory.coco2017.compactMap(\.name)
        #expect(Set(names).count == 80)
        for (number, name) in [(0, "person"), (16, "dog"), (56, "chair"), (79, "toothbrush")] {
            #expect(names[number] == name)
        }
    }

    @Test("Where boxes are wanted, masks are read only if the first result has no box")
    func masksForBoxes() throws {
        let ids = #""image_id": 1, "category_id": 2, "score": 1"#
        let withBox = #"{\#(ids), "bbox": [1, 2, 3, 4], \#(mask)}"#
        let without = #"{\#(ids), \#(mask)}"#
        let empty = #"{\#(ids), \#(mask), "bbox": []}"#
        #expect(try read("[\(withBox),\(without)]", .boxes).map(\.segmentation) == [nil, nil])
        #expect(try read("[\(withBox)]", .masks).map(\.segmentation) == [found])
        for first in [without, empty] {
            let results = try read("[\(first),\(withBox)]", .boxes)
            #expect(results.map(\.segmentation) == [found, found])
            #expect(results.map { $0.box == nil } == [true, false])
        }
    }

    @Test(
        "What is missing or of another type is told with its place",
        arguments: [
            (#"{"images": []}"#, "the file", "a list of results"),
            ("[1]", "result 1", "an object"),
            (#"[{"image_id": 1, "category_id": 2}]"#, "result 1", "the key 'score'"),
            (
                #"[{"image_id": 1, "category_id": 2, "score": null}]"#, "result 1",
                "a number as 'score'"
            ),
            (
                #"[{"image_id": 1, "category_id": 2, "score": "0.5"}]"#, "result 1",
                "a number as 'score'"
            ),
            (#"[{"image_id": 1, "score": 2}]"#, "result 1", "the key 'category_id'"),
            (#"[{"bbox": [1, 2, 3, 4, 5]}]"#, "result 1", "four numbers as 'bbox'"),
            (#"[{"bbox": {}}]"#, "result 1", "four numbers as 'bbox'"),
        ])
    func mistakes(text: String, entry: String, expected: String) {
        let error = #expect(throws: COCOFileError.self) { try read(text, .boxes) }
        guard case .unexpected("dt.json", entry, _, expected, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect("\(String(describing: error))".contains("byte"))
    }
}
