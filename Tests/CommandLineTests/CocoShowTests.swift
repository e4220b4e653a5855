import Drawing
import Foundation
import ImageFiles
import Testing

extension CommandLineSuite {
    @Suite("Showing COCO")
    struct CocoShowTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private static let (width, height) = (80, 60)

        /// A box and a polygon, a crowd of run lengths, and an object of which only the class is known.
        private static let annotations = """
            [{"id": 1, "image_id": 7, "category_id": 18, "iscrowd": 0, "area": 400,
              "bbox": [20, 30, 20, 20], "segmentation": [[20, 30, 40, 30, 40, 50, 20, 50]]},
             {"id": 2, "image_id": 7, "category_id": 1, "iscrowd": 1, "area": 60,
              "bbox": [79, 0, 1, 60], "segmentation": {"size": [60, 80], "counts": [4740, 60]}},
             {"id": 3, "image_id": 9, "category_id": 1, "iscrowd": 0, "area": 4,
              "bbox": [3, 40, 2, 2], "segmentation": []}]
            """

        /// Writes a folder with two images of one grey in `val2017` and one in `train2017`.
        private func data(
            annotations: String = annotations, picture: Data? = nil, size: (Int, Int) = (60, 80)
        ) throws -> String {
            let folder = workshop.fresh("coco")
            let grey = [UInt8](repeating: 90, count: 3 * Self.width * Self.height)
            let file = picture ?? PNG.encode(grey, width: Self.width, height: Self.height)
            func list(_ ids: [Int]) -> String {
                let images = ids.map {
                    #"{"id": \#($0), "file_name": "00\#($0).png", "height": \#(size.0), "width": \#(size.1)}"#
                }
                return """
                    {"images": [\(images.joined(separator: ", "))], "annotations": \(annotations),
                     "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}]}
                    """
            }
            for (split, ids) in [("val", [7, 9]), ("train", [11])] {
                try workshop.write(
                    Data(list(ids).utf8), to: "\(folder)/annotations/instances_\(split)2017.json")
                for id in ids { try workshop.write(file, to: "\(folder)/\(split)2017/00\(id).png") }
            }
            return folder
        }

        private func show(_ data: String, _ more: [String], to output: String) throws -> Outcome {
            try workshop.run(["coco", "show", "--data", data, "--output", output] + more)
        }

        private func picture(_ path: String) throws -> Canvas {
            let bytes = try workshop.read(path)
            let decoded = bytes.withUnsafeBytes { bytes in
                Result { () throws(ImageError) in try ImageDecoder().decode(bytes) }
            }
            return Canvas(try decoded.get())
        }

        private func color(_ canvas: Canvas, _ row: Int, _ column: Int) -> Color {
            let place = 3 * (row * canvas.width + column)
            return Color(
                red: canvas.pixels[place], green: canvas.pixels[place + 1],
                blue: canvas.pixels[place + 2])
        }

        private let grey = Color(red: 90, green: 90, blue: 90)

        private func half(_ color: Color) -> Color {
            func mean(_ value: UInt8) -> UInt8 { UInt8((Int(value) + 90 + 1) / 2) }
            return Color(red: mean(color.red), green: mean(color.green), blue: mean(color.blue))
        }

        @Test("draws annotations of images by id and by file, of both splits")
        func annotations() throws {
            let (data, output) = (try data(), workshop.fresh("shown"))
            let outcome = try show(
                data, ["7", "009.png", "\(data)/train2017/0011.png"], to: output)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                outcome.output == """
                    \(output)/007.png: 2 objects
                    \(output)/009.png: 1 object
                    \(output)/0011.png: 0 objects

                    """)
            try #expect(
                workshop.contents(output).keys.sorted() == ["0011.png", "007.png", "009.png"])
            // The classes are numbered in the order of their ids: person 0, dog 1.
            let (person, dog) = (Color(ofClass: 0), Color(ofClass: 1))
            let first = try picture("\(output)/007.png")
            #expect(color(first, 30, 20) == dog && color(first, 49, 39) == dog)
            #expect(color(first, 40, 30) == half(dog))
            #expect(color(first, 50, 20) == grey && color(first, 40, 40) == grey)
            #expect(color(first, 30, 79) == person && color(first, 30, 78) == grey)
            let second = try picture("\(output)/009.png")
            #expect(color(second, 40, 3) == person && color(second, 42, 3) == grey)
            try #expect(
                picture("\(output)/0011.png").pixels
                    == [UInt8](repeating: 90, count: 3 * Self.width * Self.height))
        }

        @Test("draws results in place of annotations, those of a low score left out")
        func results() throws {
            let (data, output) = (try data(), workshop.fresh("shown"))
            let results = """
                [{"image_id": 9, "category_id": 18, "score": 0.9, "bbox": [10.5, 40, 9, 9.5]},
                 {"image_id": 9, "category_id": 1, "score": 0.1, "bbox": [50, 40, 10, 10]},
                 {"image_id": 7, "category_id": 77, "score": 0.5,
                  "segmentation": {"size": [60, 80], "counts": [2430, 10, 50, 10, 2300]}}]
                """
            let file = workshop.fresh("results") + ".json"
            try workshop.write(Data(results.utf8), to: file)
            let outcome = try show(data, ["9", "7", "--results", file], to: output)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("009.png: 1 object\n"))
            #expect(
                outcome.errors.contains(
                    "note: 1 result has a score below 0.3 and is not drawn; lower --min-score"))
            let boxes = try picture("\(output)/009.png")
            #expect(color(boxes, 40, 10) == Color(ofClass: 1))
            #expect(color(boxes, 49, 19) == Color(ofClass: 1))
            #expect(color(boxes, 40, 50) == grey && color(boxes, 40, 3) == grey)
            // A mask of two columns and ten rows from row 30 on, whose frame covers it; its class is not listed.
            let masks = try picture("\(output)/007.png")
            #expect(color(masks, 30, 40) == Color(ofClass: 2))
            #expect(color(masks, 39, 41) == Color(ofClass: 2))
            #expect(color(masks, 40, 40) == grey && color(masks, 35, 42) == grey)

            let all = try show(
                data, ["9", "--results", file, "--min-score", "-1"], to: output)
            #expect(all.output == "\(output)/009.png: 2 objects\n" && all.errors.isEmpty)
        }

        @Test("says what is wrong with images, annotations and masks, and draws nothing then")
        func badInput() throws {
            let small = PNG.encode(
                [UInt8](repeating: 1, count: 3 * 4 * 5), width: 5, height: 4)
            let whole = PNG.encode(
                [UInt8](repeating: 1, count: 3 * 80 * 60), width: 80, height: 60)
            func annotated(_ mask: String) -> String {
                """
                [{"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "area": 1,
                  "bbox": [0, 0, 1, 1], "segmentation": \(mask)}]
                """
            }
            let short = annotated(#"{"size": [60, 80], "counts": [4700, 60]}"#)
            let other = annotated(#"{"size": [2, 2], "counts": [2, 2]}"#)
            let narrow = PNG.encode(
                [UInt8](repeating: 1, count: 3 * 79 * 60), width: 79, height: 60)
            let cases: [(folder: String, text: String)] = [
                (
                    try data(picture: narrow),
                    "of 80 × 60 pixels as its entry in the annotations says"
                ),
                (
                    try data(picture: small),
                    "007.png: expected a picture of 80 × 60 pixels as its entry in the annotations says, "
                        + "found one of 5 × 4"
                ),
                (
                    try data(picture: whole.prefix(60)),
                    "007.png: the PNG picture is truncated"
                ),
                (try data(picture: Data("<html>".utf8)), "007.png: expected a JPEG, PNG or WebP"),
                (
                    try data(annotations: short),
                    "the segmentation of the annotation 1 cannot be drawn: the runs should fill the mask"
                ),
                (
                    try data(annotations: other),
                    "it should have the size of the image, 60 × 80, but has 2 × 2"
                ),
                (try data(), "the file is cut off"),
            ]
            for (folder, text) in cases {
                let output = workshop.fresh("shown")
                if text.contains("cut off") {
                    let path = "\(folder)/annotations/instances_val2017.json"
                    try workshop.write(try workshop.read(path).prefix(200), to: path)
                }
                let outcome = try show(folder, ["7"], to: output)
                #expect(outcome.status == 1)
                #expect(outcome.sentence.contains(text), "\(outcome.errors)")
                #expect(outcome.output.isEmpty)
                #expect(try !workshop.exists(output) || workshop.contents(output).isEmpty)
            }
        }

        @Test("never draws into a file that it reads, nor twice into one file")
        func collisions() throws {
            let folder = try data()
            let before = try workshop.contents(folder)
            let replacing = try show(folder, ["7"], to: "\(folder)/train2017/../val2017")
            #expect(replacing.status == 1)
            #expect(
                replacing.sentence.hasPrefix(
                    "Error: \(folder)/val2017/007.png would be replaced by its drawing"),
                "\(replacing.errors)")
            try #expect(workshop.contents(folder) == before)

            let output = workshop.fresh("shown")
            let annotations = "\(folder)/annotations/instances_val2017.json"
            let text = String(decoding: try workshop.read(annotations), as: UTF8.self)
            try workshop.write(
                Data(text.replacingOccurrences(of: "009.png", with: "night/007.png").utf8),
                to: annotations)
            let both = try show(folder, ["7", "9"], to: output)
            #expect(both.status == 1)
            #expect(
                both.sentence.hasPrefix(
                    "Error: \(folder)/val2017/007.png and \(folder)/val2017/night/007.png would both be "
                        + "drawn into \(output)/007.png, expected a file for each"),
                "\(both.errors)")
            #expect(!workshop.exists(output))
            // An image that is named twice is one image.
            let twice = try show(folder, ["7", "007.png"], to: output)
            #expect(twice.status == 0, "\(twice.errors)")
        }

        @Test("says what is not there")
        func missing() throws {
            let (folder, output) = (try data(), workshop.fresh("shown"))
            let unknown = try show(folder, ["7", "8"], to: output)
            #expect(unknown.status == 1)
            #expect(
                unknown.sentence.contains(
                    "8: expected the id or the file name of an image that is listed in "
                        + "\(folder)/annotations/instances_val2017.json or "))
            let otherSplit = try show(folder, ["7", "--split", "train"], to: output)
            #expect(otherSplit.sentence.contains("instances_train2017.json, found none of it"))
            unlink(workshop.url("\(folder)/val2017/007.png").path)
            let noFile = try show(folder, ["7"], to: output)
            #expect(noFile.sentence.contains("007.png could not be read: it does not exist"))
            let nothing = try show("nowhere", ["7"], to: output)
            #expect(
                nothing.sentence.contains(
                    "nowhere: expected annotations/instances_val2017.json or instances_train2017.json"
                ))
            let empty = try show(folder, ["9", "--results", "\(folder)/none.json"], to: output)
            #expect(empty.sentence.contains("none.json could not be read"))
            for (options, text) in [
                (["--min-score", "0.5"], "--min-score is for results"),
                (["--results", "x", "--min-score", "nan"], "expected a finite number"),
                (["--split", "test"], "train"),
            ] {
                let outcome = try show(folder, ["9"] + options, to: output)
                #expect(outcome.status == 64)
                #expect(outcome.errors.contains(text), "\(outcome.errors)")
            }
            try #expect(!workshop.exists(output) || workshop.contents(output).isEmpty)
        }
    }
}
