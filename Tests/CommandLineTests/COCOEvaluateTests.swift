import Foundation
import Testing

extension CommandLineSuite {
    @Suite("coco evaluate")
    struct COCOEvaluateTests {
        private let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("reviewkd-coco-\(UUID().uuidString)")

        private static let names = [
            "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
        ]

        private static let image = #""images": [{"id": 1, "height": 40, "width": 60}]"#
        private static let category = #""categories": [{"id": 1, "name": "cat"}]"#
        private static let box = #""bbox": [10, 10, 20, 20]"#
        private static let square = #""segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]"#
        private static let result = #"{"image_id": 1, "category_id": 1, "score": 0.9, \#(box)}"#

        private static func truth(_ id: String = "5", _ parts: String = "\(box), \(square)")
            -> String
        {
            #"{"id": \#(id), "image_id": 1, "category_id": 1, "area": 400, "iscrowd": 0, \#(parts)}"#
        }

        private static func truths(_ annotations: String...) -> String {
            "{\(image), \(category), \"annotations\": [\(annotations.joined(separator: ", "))]}"
        }

        init() throws {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
        }

        private func evaluate(
            _ truths: String?, _ results: String?, _ type: String = "bbox", _ also: [String] = []
        ) throws -> Outcome {
            for (name, text) in [("gt.json", truths), ("dt.json", results)] {
                let url = folder.appendingPathComponent(name)
                try? FileManager.default.removeItem(at: url)
                if let text { try Data(text.utf8).write(to: url) }
            }
            defer { try? FileManager.default.removeItem(at: folder) }
            return try RunningTool(
                [
                    "coco", "evaluate", "--annotations", "gt.json", "--results", "dt.json",
                    "--type", type,
                ] + also, in: folder
            ).outcome()
        }

        @Test(
            "The twelve figures of the shared cases are pycocotools', and a JSON object of their names",
            arguments: [
                ("plain", "bbox"), ("ties", "bbox"), ("crowd", "bbox"), ("segm-mixed", "bbox"),
                ("segm-mixed", "segm"),
            ])
        func figures(name: String, type: String) throws {
            let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent()
            let shared = tests.appendingPathComponent("COCOTests/Fixtures/coco-eval/\(name)")
            func text(_ file: String) throws -> String {
                try String(contentsOf: shared.appendingPathComponent(file), encoding: .utf8)
            }
            let outcome = try evaluate(
                text("gt.json"), text("dt.json"), type, ["--json", "--per-class"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            var found = try outcome.json()
            let known = try #require(
                JSONSerialization.jsonObject(with: Data(text("expected.json").utf8))
                    as? [String: Any])
            let expected = try #require(known[type] as? [String: Any])
            let stats = try #require(expected["stats"] as? [Double])
            let classes = try #require(found.removeValue(forKey: "classes") as? [[String: Any]])
            #expect(found.keys.sorted() == Self.names.sorted())
            for (name, figure) in zip(Self.names, stats) {
                let value = try #require(found[name] as? Double)
                #expect(abs(value - figure) <= 1e-12, "\(name)")
            }
            let categories = try #require(expected["categories"] as? [[String: Any]])
            #expect(classes.count == categories.count)
            for (entry, category) in zip(classes, categories) {
                #expect(entry["id"] as? Int == category["category_id"] as? Int)
                #expect(entry["name"] is String)
                let precisions = try #require(category["ap"] as? [Double])
                let mean = precisions.reduce(0, +) / Double(precisions.count)
                #expect(abs(try #require(entry["AP"] as? Double) - mean) <= 1e-12)
            }
        }

        @Test("People get a line for each figure, and with --per-class a table of the categories")
        func text() throws {
            let plain = try evaluate(Self.truths(Self.truth()), "[\(Self.result)]")
            #expect(plain.status == 0 && plain.errors.isEmpty, "\(plain.errors)")
            let lines = plain.output.split(separator: "\n")
            #expect(lines.map { $0.prefix { $0 != " " } } == Self.names.map { $0[...] })
            #expect(lines[0].contains("1.0000") && lines[4].contains("-1"))
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            let table = try evaluate(
                Self.truths(Self.truth()), "[\(Self.result)]", "bbox", ["--per-class"])
            #expect(table.output.hasPrefix(plain.output))
            #expect(table.output.contains("1  cat  1.0000"), "\(table.output)")
        }

        @Test(
            "The id 0 is named in a warning with the figure that would be right, which --strict-ids gives"
        )
        func strictIDs() throws {
            let truths = Self.truths(Self.truth("0"))
            let outcome = try evaluate(truths, "[\(Self.result)]", "bbox", ["--json"])
            #expect(try outcome.json()["AP"] as? Double == 0)
            #expect(
                outcome.errors
                    == "warning: gt.json: annotation 1 has the id 0, and a result that finds it counts as wrong; "
                    + "AP is 0.0000, and would be 1.0000 otherwise, which --strict-ids computes\n")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            let strict = try evaluate(
                truths, "[\(Self.result)]", "bbox", ["--json", "--strict-ids"])
            let right = try #require(strict.json()["AP"] as? Double)
            #expect(abs(right - 1) <= 1e-12)
            #expect(strict.errors.isEmpty)
        }

        @Test(
            "What is odd but has figures is told in one line",
            arguments: [
                (
                    truths(truth("5"), truth("5")), "[\(result)]", "bbox",
                    "warning: gt.json: 1 id is there more than once (5)"
                ),
                (
                    truths(truth()),
                    #"[{"image_id": 1, "category_id": 1, "score": 1, "bbox": [NaN, NaN, NaN, NaN]}]"#,
                    "bbox",
                    "AP is 1.0000, and would be 0.0000 otherwise, which --strict-ids computes"
                ),
                (
                    truths(truth()), "[\(result.replacingOccurrences(of: "0.9", with: "NaN"))]",
                    "bbox",
                    "note: dt.json: 1 score is no number; such results come last"
                ),
                (
                    truths(truth()),
                    #"[{"image_id": 1, "category_id": 1, "score": 1, "segmentation": {"size": [40, 60], "counts": "j<d0d00000000000000000000000000000000000000VU1"}}]"#,
                    "bbox", "note: dt.json: the results have masks and no boxes"
                ),
                (
                    truths(truth()), "[\(result)]", "segm",
                    "note: dt.json: 1 result has a box and no mask, so its box is compared as masks"
                ),
                (
                    truths(truth()),
                    #"[\#(result), {"image_id": 1, "category_id": "1", "score": 1, "bbox": [1, 1, 1, 1]}]"#,
                    "bbox",
                    "note: dt.json: 1 result is of categories that the annotations do not list ('1')"
                ),
            ])
        func remarks(truths: String, results: String, type: String, line: String) throws {
            let outcome = try evaluate(truths, results, type, ["--json"])
            #expect(outcome.status == 0)
            #expect(try outcome.json().count == 12)
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains(line), "\(outcome.errors)")
        }

        @Test(
            "What cannot be evaluated is one sentence and the status 1",
            arguments: [
                (nil, "[\(result)]", "bbox", "gt.json could not be read: it does not exist"),
                (truths(truth()), nil, "bbox", "dt.json could not be read: it does not exist"),
                (
                    String(truths(truth()).dropLast(60)), "[\(result)]", "bbox",
                    "gt.json ends after 198 bytes within annotation 1, where"
                ),
                (
                    truths(truth()), String("[\(result)]".dropLast(9)), "bbox",
                    "dt.json ends after 66 bytes within result 1, where"
                ),
                ("", "[\(result)]", "bbox", "gt.json ends after 0 bytes within the file"),
                (
                    "[\(result)]", truths(truth()), "bbox",
                    "gt.json: the file should have an object with images, annotations and categories at byte 0, but has an array"
                ),
                (
                    truths(truth()), truths(truth()), "bbox",
                    "dt.json: the file should have a list of results at byte 0, but has an object"
                ),
                ("{\(image), \(category)}", "[\(result)]", "bbox", "the key 'annotations'"),
                (
                    truths(truth()), "[]", "bbox",
                    "dt.json should hold at least one result, but holds none"
                ),
                (
                    truths(truth()),
                    #"[{"image_id": 7, "category_id": 1, "score": 1, "bbox": [1, 1, 1, 1]}]"#,
                    "bbox",
                    "dt.json should hold results for images of gt.json alone, but has some for 1 other (7)"
                ),
                (
                    truths(truth()),
                    "[\(result.replacingOccurrences(of: "0.9", with: "\"high\""))]", "bbox",
                    "dt.json: result 1 should have a number as 'score' at byte 44, but has a string"
                ),
                (
                    truths(truth("5", box)), "[\(result)]", "segm",
                    "gt.json: annotation 1 (id 5) should have a 'segmentation', but has none"
                ),
                (
                    truths(truth("5", square)), "[\(result)]", "bbox",
                    "gt.json: annotation 1 (id 5) should have a 'bbox', but has none"
                ),
                (
                    truths(truth("5", #"\#(box), "segmentation": [[1, 2, 3, 4]]"#)), "[\(result)]",
                    "segm",
                    "gt.json: the polygons of annotation 1 (id 5) should have three points or more"
                ),
                (
                    truths(
                        truth(
                            "5",
                            #"\#(box), "segmentation": {"size": [40, 60], "counts": [100, 100]}"#)),
                    "[\(result)]", "segm",
                    "gt.json: the mask of annotation 1 (id 5) is none: the runs should fill the mask of 40 × 60 pixels, but have only 200"
                ),
                (
                    truths(truth("\"a\"")), "[\(result)]", "bbox",
                    "give it one, or count each annotation as itself with --strict-ids"
                ),
            ] as [(String?, String?, String, String)])
        func mistakes(truths: String?, results: String?, type: String, sentence: String) throws {
            let outcome = try evaluate(truths, results, type, ["--json"])
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
            #expect(outcome.sentence.contains(sentence), "\(outcome.errors)")
        }

        @Test("Another type than boxes and masks is wrong use")
        func otherType() throws {
            let outcome = try evaluate(Self.truths(Self.truth()), "[\(Self.result)]", "keypoints")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("bbox") && outcome.errors.contains("segm"))
        }
    }
}
