import COCO
import Foundation
import Masks
import Testing

@Suite("Files of annotations")
struct AnnotationsTests {
    private static let text = #"""
        {"info": {"year": 2017, "x": [1, {"images": []}]},
         "annotations": [
          {"id": 5, "image_id": 9, "category_id": 17, "iscrowd": 0, "area": 6.5, "bbox": [1, 2.5, 3e0, 4],
           "segmentation": [[1, 2, 4.25, 2, 4, 6], [0, 0, 1, 1, 2, 0]], "keypoints": []},
          {"image_id": 7, "id": 6.0, "bbox": [0, 0, 5, 5], "category_id": 3, "iscrowd": true, "area": 4,
           "segmentation": {"counts": [3, 4, 13], "size": [4, 5]}},
          {"id": 7, "image_id": 9.0, "category_id": 3,
           "segmentation": {"size": [4.0, 5], "counts": "34=\\"}},
          {"id": "8", "image_id": "9", "category_id": 90}],
         "images": [
          {"id": 9, "file_name": "b\u00e9.jpg", "height": 4, "width": 5, "license": null},
          {"width": 50.0, "height": 40, "id": 7}, {"id": 9, "file_name": "c.jpg", "height": null}],
         "categories": [{"id": 17, "name": "cat"}, {"name": "person", "id": 3}, {"id": 17, "name": "dog"}]}
        """#

    private func read(_ text: String, _ parts: COCOParts = [.boxes, .masks]) throws
        -> COCOAnnotations
    {
        try COCOAnnotations(data: Data(text.utf8), path: "gt.json", parts: parts)
    }

    @Test("Objects have what the file says of them, whatever the order of the keys")
    func objects() throws {
        let file = try read(Self.text)
        let expected = [
            COCOAnnotation(
                id: 5, imageID: 9, categoryID: 17, box: COCOBox(x: 1, y: 2.5, width: 3, height: 4),
                area: 6.5, isCrowd: false,
                segmentation: .polygons([[1, 2, 4.25, 2, 4, 6], [0, 0, 1, 1, 2, 0]])),
            COCOAnnotation(
                id: 6, imageID: 7, categoryID: 3, box: COCOBox(x: 0, y: 0, width: 5, height: 5),
                area: 4, isCrowd: true, segmentation: .counts([3, 4, 13], height: 4, width: 5)),
            COCOAnnotation(
                id: 7, imageID: 9, categoryID: 3,
                segmentation: .packed(Array(#"34=\"#.utf8), height: 4, width: 5)),
            COCOAnnotation(id: "8", imageID: "9", categoryID: 90),
        ]
        #expect(file.annotations == expected)
        let boxes = try read(Self.text, .boxes).annotations
        #expect(boxes.map(\.box) == expected.map(\.box))
        #expect(boxes.allSatisfy { $0.segmentation == nil })
        let masks = try read(Self.text, .masks).annotations
        #expect(masks.map(\.segmentation) == expected.map(\.segmentation))
        #expect(masks.allSatisfy { $0.box == nil })
    }

    @Test("Images and categories count once, as they are listed last; classes follow the ids")
    func lists() throws {
        let file = try read(Self.text)
        #expect(
            file.images == [
                COCOImage(id: 7, height: 40, width: 50), COCOImage(id: 9, fileName: "c.jpg"),
            ])
        #expect(
            file.categories == [
                COCOCategory(id: 3, name: "person"), COCOCategory(id: 17, name: "dog"),
            ])
        #expect(file.classNumber(ofCategory: 17) == 1)
        #expect(file.classNumber(ofCategory: 90) == nil)
        #expect(file.image(9)?.fileName == "c.jpg")
        #expect(file.annotations(ofImage: 9).map(\.id) == [5, 7])
        #expect(file.annotations(ofImage: 7).map(\.id) == [6])
        #expect(file.annotations(ofImage: "9").isEmpty)
        #expect(
            file.position(ofImage: 7).map { Array(file.annotationPositions(ofImage: $0)) } == [1])
    }

    @Test("A segmentation makes its mask")
    func masks() throws {
        let square: [Double] = [0, 0, 3, 0, 3, 2, 0, 2]
        let known = try RunLengthMask(counts: [0, 2, 2, 2, 2, 2, 10], height: 4, width: 5)
        let forms: [COCOSegmentation] = [
            .polygons([square]), .counts(known.counts.map { Int($0) }, height: 4, width: 5),
            .packed(Array(known.packed.utf8), height: 4, width: 5),
        ]
        for form in forms { #expect(try form.mask(height: 4, width: 5) == known) }
        #expect(throws: MaskError.self) {
            try COCOSegmentation.counts([3], height: 4, width: 5).mask(height: 4, width: 5)
        }
        for (height, width) in [(-1, 5), (.max, .max), (1 << 16, 1 << 16)] {
            #expect(throws: MaskError.size(height: height, width: width)) {
                try COCOSegmentation.polygons([square]).mask(height: height, width: width)
            }
        }
    }

    @Test(
        "Numbers are one identifier where their values are; texts are none of them",
        arguments: [
            ("1", "1.0", true), ("1", "true", true), ("1", "\"1\"", false), ("1.5", "15e-1", true),
        ])
    func identifiers(first: String, second: String, areEqual: Bool) throws {
        let ids = try [first, second].map { id in
            try #require(
                read(#"{"images": [{"id": \#(id)}], "annotations": [], "categories": []}"#).images
                    .first
            ).id
        }
        #expect((ids[0] == ids[1]) == areEqual)
        #expect(Set(ids).count == (areEqual ? 1 : 2))
    }

    @Test("Identifiers are in order: numbers by value, then texts by code points")
    func order() {
        let sorted: [COCOIdentifier] = [-3, .fraction(1.5), 2, 10, "10", "9", "a", "é"]
        #expect(sorted.reversed().sorted() == sorted)
        // Swift's own strings would be equal.
        #expect(COCOIdentifier.text("e\u{301}") != "\u{E9}")
    }

    @Test("What is missing or of another type is told with its place")
    func mistakes() throws {
        func annotation(_ members: String) -> String {
            #"{"images": [], "categories": [], "annotations": [{"id": 1, "image_id": 1, "category_id": 1}, {\#(members)}]}"#
        }
        let ids = #""id": 1, "image_id": 1, "category_id": 1, "#
        let known: [(String, entry: String, expected: String, found: String)] = [
            ("[]", "the file", "an object with images, annotations and categories", "an array"),
            ("{}", "the file", "the key 'images'", "no such key"),
            (#"{"images": {}}"#, "the file", "a list", "an object"),
            (#"{"images": [1]}"#, "image 1", "an object", "a number"),
            (
                #"{"images": [{"id": null}]}"#, "image 1", "a number below 2⁶³ or a string as 'id'",
                "null"
            ),
            (
                #"{"images": [{"id": 1e19}]}"#, "image 1", "a number below 2⁶³ or a string as 'id'",
                "a number"
            ),
            (
                #"{"images": [{"id": NaN}]}"#, "image 1", "a number below 2⁶³ or a string as 'id'",
                "NaN"
            ),
            (#"{"images": [{"id": 1}, {}]}"#, "image 2", "the key 'id'", "no such key"),
            (
                #"{"images": [{"id": 1, "height": 4.5}]}"#, "image 1", "a whole number as 'height'",
                "a number"
            ),
            (
                #"{"categories": [{"id": 1, "name": 4}]}"#, "category 1", "a string as 'name'",
                "a number"
            ),
            (
                annotation(#""id": 1, "image_id": 1"#), "annotation 2", "the key 'category_id'",
                "no such key"
            ),
            (annotation(ids + #""area": "4""#), "annotation 2", "a number as 'area'", "a string"),
            (annotation(ids + #""area": null"#), "annotation 2", "a number as 'area'", "null"),
            (
                annotation(ids + #""iscrowd": -1"#), "annotation 2", "0 or 1 as 'iscrowd'",
                "a number"
            ),
            (
                annotation(ids + #""bbox": [1, 2, 3]"#), "annotation 2", "four numbers as 'bbox'",
                "']'"
            ),
            (
                annotation(ids + #""bbox": []"#), "annotation 2", "four numbers as 'bbox'",
                "an empty list"
            ),
            (
                annotation(ids + #""bbox": [1, 2, 3, "4"]"#), "annotation 2",
                "four numbers as 'bbox'", "a string"
            ),
            (
                annotation(ids + #""bbox": [1, 2, 3, 4, 5]"#), "annotation 2",
                "four numbers as 'bbox'", "a number"
            ),
            (
                annotation(ids + #""segmentation": [1, 2]"#), "annotation 2",
                "a polygon, which is a list of numbers,", "a number"
            ),
            (
                annotation(ids + #""segmentation": null"#), "annotation 2",
                "polygons or run lengths as 'segmentation'", "null"
            ),
            (
                annotation(ids + #""segmentation": {"size": [1, 2]}"#), "annotation 2",
                "the key 'counts'", "no such key"
            ),
            (
                annotation(ids + #""segmentation": {"size": [1, 2], "counts": [1.5]}"#),
                "annotation 2",
                "a whole number as 'counts'", "a number"
            ),
            (annotation(ids + "1"), "annotation 2", "a key", "a number"),
            (
                #"{"images": [], "categories": [], "annotations": []} 1"#, "the file",
                "nothing more", "a number"
            ),
        ]
        for (text, entry, expected, found) in known {
            let error = #expect(throws: COCOFileError.self, "\(text)") { try read(text) }
            guard case .unexpected("gt.json", entry, let offset, expected, found) = error else {
                Issue.record("\(text): \(String(describing: error))")
                continue
            }
            if entry == "annotation 2", found == "no such key", !expected.contains("counts") {
                let end = try #require(text.range(of: "}, {")?.upperBound)
                #expect(offset == text[..<end].utf8.count - 1)
            }
        }
    }

    @Test("A file that is cut off anywhere is told as one")
    func cutOff() throws {
        let bytes = Data(Self.text.utf8)
        for count in 0..<bytes.count - 1 {
            let error = #expect(throws: COCOFileError.self) {
                try COCOAnnotations(data: bytes.prefix(count), path: "gt.json")
            }
            guard case .cutOff("gt.json", _, let byteCount, _) = error else {
                // Half a word or half a number is no end.
                let last = bytes[count - 1]
                #expect("truenl-.e3".utf8.contains(last), "\(count): \(String(describing: error))")
                continue
            }
            #expect(byteCount == count)
        }
    }

    @Test("A file that is not there is told with its name")
    func absent() {
        #expect(
            throws: COCOFileError.unreadable(path: "/nowhere/gt.json", reason: "it does not exist")
        ) {
            try COCOAnnotations(contentsOf: "/nowhere/gt.json")
        }
    }
}
