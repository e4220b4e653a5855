import Drawing
import Foundation
import ImageFiles
import TensorFiles
import Testing

/// Objects found in pictures and drawn by the built program.
@Suite("predict of detectors") struct ObjectPredictionTests {
    private let studio: DetectionStudio
    private var workshop: Workshop { studio.workshop }

    /// A detector that takes most of what it looks at for an object.
    private let weights: String

    /// The sizes that the small pictures are seen at, for files that do not say them.
    private static let small = ["--short-edge", "64", "--longest-edge", "96"]

    private static let prepared = Result {
        let studio = try DetectionStudio.shared()
        var file = try reference(of: studio)
        let index = try #require(
            file.entries.firstIndex { $0.name.hasSuffix("box_predictor.cls_score.bias") })
        file.entries[index].bytes = [Float(3), 2, 0].withUnsafeBytes { Data($0) }
        let path = studio.workshop.fresh("eager") + ".safetensors"
        let contents = try Safetensors.encode(entries: file.entries, metadata: file.metadata)
        try studio.workshop.write(contents, to: path)
        return (studio, path)
    }

    init() throws { (studio, weights) = try Self.prepared.get() }

    private static func reference(of studio: DetectionStudio) throws -> WeightFile {
        let path = "\(studio.reference)/student-last.safetensors"
        return try WeightFile.read(path: studio.workshop.url(path).path)
    }

    private struct Found {
        let image, drawing: String
        let objects: [[String: Any]]
        let printedScores: [String]

        init(_ line: Substring) throws {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let fields = try #require(object as? [String: Any])
            image = try #require(fields["image"] as? String)
            drawing = try #require(fields["drawing"] as? String)
            objects = try #require(fields["objects"] as? [[String: Any]])
            printedScores = line.matches(of: /"score":([^,}]+)/).map { String($0.1) }
        }
    }

    private func predict(_ arguments: [String]) throws -> [Found] {
        let outcome = try workshop.run(["predict"] + arguments + ["--json", "--threads", "1"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.output.split(separator: "\n").map(Found.init)
    }

    private func picture(_ path: String) throws -> Canvas {
        let bytes = try workshop.read(path)
        let decoded = bytes.withUnsafeBytes { bytes in
            Result { () throws(ImageError) in try ImageDecoder().decode(bytes) }
        }
        return Canvas(try decoded.get())
    }

    @Test(
        "The objects are those that evaluate finds, and each picture is drawn at its own size",
        arguments: [[], ["--short-edge", "80", "--longest-edge", "128"]])
    func asEvaluated(sizes: [String]) throws {
        let results = workshop.fresh("found") + ".json"
        let evaluated = try workshop.run(
            [
                "evaluate", weights, "--model", "faster_rcnn_R18", "--dataset", "coco", "--data",
                "rectangles", "--results", results, "--threads", "1",
            ] + sizes)
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        let truths = try #require(
            JSONSerialization.jsonObject(with: workshop.read(results)) as? [[String: Any]])
        let output = workshop.fresh("drawn")
        let found = try predict(
            [weights, "rectangles/val2017", "--output", output, "--score-threshold", "0"] + sizes)
        #expect(found.map(\.image) == (1...3).map { "rectangles/val2017/\($0).png" })
        for (number, found) in zip(1..., found) {
            let expected = truths.filter { $0["image_id"] as? Int == number }
            try #require(!expected.isEmpty)
            for (key, own) in [("score", "score"), ("bbox", "box")] {
                let values = expected.map { $0[key] as? NSObject }
                #expect(found.objects.map { $0[own] as? NSObject } == values, "\(key)")
            }
            let names = expected.map { $0["category_id"] as? Int == 2 ? "blue" : "lime" }
            #expect(found.objects.map { $0["name"] as? String } == names)
            #expect(
                found.objects.map { $0["number"] as? Int } == names.map { $0 == "blue" ? 0 : 1 })

            #expect(found.drawing == "\(output)/\(number).png")
            let (drawn, source) = (try picture(found.drawing), try picture(found.image))
            #expect(drawn.width == source.width && drawn.height == source.height)
        }
    }

    @Test("Objects below --score-threshold are left out, of the list and of the picture")
    func threshold() throws {
        let image = "rectangles/val2017/2.png"
        func objects(_ threshold: [String]) throws -> (found: Found, pixels: [UInt8]) {
            let found = try predict(
                [weights, image, "--output", workshop.fresh("drawn")] + threshold)
            let first = try #require(found.first)
            return (first, try picture(first.drawing).pixels)
        }
        let all = try objects(["--score-threshold", "0"]).found
        let scores = all.objects.compactMap { $0["score"] as? Double }
        try #require(scores.count > 2 && scores[1] > scores[2])
        #expect(scores == scores.sorted(by: >))
        // As it is printed: `JSONSerialization` does not read the nearest number.
        let some = try objects(["--score-threshold", all.printedScores[1]])
        #expect(some.found.objects.count == 2)
        let none = try objects(["--score-threshold", "1"])
        #expect(none.found.objects.isEmpty)
        let source = try picture(image)
        #expect(none.pixels == source.pixels)
        #expect(some.pixels != none.pixels)
        // One object's frame has the colour of its class in its lower right corner, which no name hides.
        let one = try objects(["--score-threshold", "\(scores[0])"])
        let box = try #require(one.found.objects[0]["box"] as? [Double])
        let number = try #require(one.found.objects[0]["number"] as? Int)
        let row = min(Int((box[1] + box[3]).rounded(.up)), source.height) - 1
        let column = min(Int((box[0] + box[2]).rounded(.up)), source.width) - 1
        let place = 3 * (row * source.width + column)
        let color = Color(ofClass: number)
        #expect(
            Array(one.pixels[place..<(place + 3)]) == [color.red, color.green, color.blue])
        #expect(one.pixels[place..<(place + 3)] != source.pixels[place..<(place + 3)])
        #expect(try objects([]).found.objects.count == scores.count { $0 >= 0.5 })
    }

    /// The reference's file with 80 classes, of which it finds dogs alone, and without a word of itself.
    private func dogs() throws -> String {
        var file = try Self.reference(of: studio)
        for (index, entry) in file.entries.enumerated() {
            let parts = entry.name.split(separator: ".").suffix(2).joined(separator: ".")
            let rows = ["cls_score": 81, "bbox_pred": 320][parts.split(separator: ".").first ?? ""]
            guard let rows, entry.name.hasPrefix("roi_heads") else { continue }
            file.entries[index].shape[0] = rows
            var values = [Float](repeating: 0, count: file.entries[index].shape.reduce(1, *))
            if parts == "cls_score.bias" { values[16] = 10 }
            file.entries[index].bytes = values.withUnsafeBytes { Data($0) }
        }
        let path = workshop.fresh("dogs") + ".safetensors"
        try workshop.write(try Safetensors.encode(entries: file.entries), to: path)
        return path
    }

    @Test("80 classes without names are COCO's, and --classes names them otherwise")
    func names() throws {
        let path = try dogs()
        let image = "rectangles/val2017/1.png"
        let drawn = ["--output", workshop.fresh("drawn"), "--model", "faster_rcnn_r18"]
        let published = try predict([path, image] + drawn + Self.small)
        let objects = try #require(published.first?.objects)
        #expect(!objects.isEmpty)
        #expect(objects.allSatisfy { $0["name"] as? String == "dog" && $0["number"] as? Int == 16 })
        try workshop.write(
            Data((0..<80).map { "kind \($0)\n" }.joined().utf8), to: "kinds.txt")
        let own = try predict([path, image, "--classes", "kinds.txt"] + drawn + Self.small)
        let renamed = try #require(own.first?.objects)
        #expect(renamed.count == objects.count)
        #expect(renamed.allSatisfy { $0["name"] as? String == "kind 16" })
        let text = try workshop.run(["predict", path, image] + drawn + Self.small)
        let lines = text.output.split(separator: "\n")
        try #require(lines.count == objects.count + 1)
        #expect(
            lines[0] == "\(image): \(objects.count) objects, drawn in \(drawn[1])/1.png")
        #expect(lines[1].wholeMatch(of: /\ \ dog 0\.99\d, x [\d.]+, y .*, height [\d.]+/) != nil)
    }

    @Test("Masks are printed as run lengths, and drawn")
    func masks() throws {
        let run = workshop.fresh("masks")
        let trained = try workshop.run(
            studio.train(to: run) + ["--set", "student.model=mask_rcnn_R18", "--max-steps", "1"])
        #expect(trained.status == 0, "\(trained.errors)")
        let found = try predict([
            "\(run)/student-last.safetensors", "rectangles/val2017/2.png", "--output",
            workshop.fresh("drawn"), "--score-threshold", "0.1",
        ])
        let objects = try #require(found.first?.objects)
        #expect(!objects.isEmpty)
        for object in objects {
            let runs = try #require(object["segmentation"] as? [String: Any])
            #expect(runs["size"] as? [Int] == [60, 90])
            #expect(runs["counts"] is String)
        }
    }

    @Test("Pictures keep their place below a folder, and no two become one file")
    func files() throws {
        let folder = workshop.fresh("pictures")
        let picture = try workshop.read("rectangles/val2017/1.png")
        for name in ["a/1.png", "b/1.png", "b/2.jpg"] {
            try workshop.write(picture, to: "\(folder)/\(name)")
        }
        let output = workshop.fresh("drawn")
        let found = try predict([weights, folder + "/", "--output", "\(output)/deep"])
        #expect(found.first?.image == "\(folder)/a/1.png")
        #expect(
            found.map(\.drawing)
                == ["a/1.png", "b/1.png", "b/2.png"].map { "\(output)/deep/\($0)" }
        )
        #expect(found.allSatisfy { workshop.exists($0.drawing) })

        let other = workshop.fresh("drawn")
        let both = try workshop.run([
            "predict", weights, "\(folder)/a/1.png", "\(folder)/b/1.png", "--output", other,
        ])
        #expect(both.status == 1)
        #expect(
            both.sentence.hasPrefix(
                "Error: \(folder)/a/1.png and \(folder)/b/1.png would both be drawn into \(other)/1.png"
            ),
            "\(both.errors)")
        #expect(!workshop.exists(other))
        let itself = try workshop.run([
            "predict", weights, "\(folder)/a/1.png", "--output", "\(folder)/a",
        ])
        #expect(itself.status == 1)
        #expect(itself.sentence.contains("would be replaced by its drawing"), "\(itself.errors)")
        #expect(try workshop.read("\(folder)/a/1.png") == picture)
    }

    @Test("Pictures that cannot be read are named before anything is drawn")
    func unreadable() throws {
        let (folder, output) = (workshop.fresh("pictures"), workshop.fresh("drawn"))
        try workshop.write(Data("no picture".utf8), to: "\(folder)/text.png")
        let picture = try workshop.read("rectangles/val2017/1.png")
        try workshop.write(picture.prefix(picture.count / 2), to: "\(folder)/half.png")
        for (names, sentence) in [
            (
                ["rectangles/val2017/1.png", "\(folder)/text.png"],
                "Error: 1 of 2 images cannot be read, none may be: \(folder)/text.png: expected a JPEG, PNG or "
                    + "WebP picture, found something else"
            ),
            (
                ["\(folder)/none.png"],
                "Error: \(folder)/none.png could not be read: it does not exist"
            ),
        ] {
            let outcome = try workshop.run(["predict", weights] + names + ["--output", output])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.hasPrefix(sentence), "\(outcome.errors)")
            #expect(outcome.output.isEmpty && !workshop.exists(output))
        }
        let half = try workshop.run([
            "predict", weights, "\(folder)/half.png", "--output", output,
        ])
        #expect(half.status == 1)
        #expect(
            half.sentence.hasPrefix(
                "Error: 1 of 1 images cannot be read, none may be: \(folder)/half.png: the PNG picture is "
                    + "truncated"), "\(half.errors)")
    }

    @Test("What is wrong with the arguments is said in a sentence")
    func wrongArguments() throws {
        let picture = "rectangles/val2017/1.png"
        let photos = try PhotoStudio.shared()
        let classifier = "\(photos.reference)/student-last.safetensors"
        let bare = workshop.fresh("bare") + ".safetensors"
        let file = try Self.reference(of: studio)
        try workshop.write(try Safetensors.encode(entries: file.entries), to: bare)
        try workshop.write(Data("a\nb\nc\n".utf8), to: "three.txt")
        try workshop.write(Data("in the way".utf8), to: "occupied")
        let detector = ["--model", "faster_rcnn_R18"]
        let drawn = ["--output", "never-drawn"]
        let cases: [(arguments: [String], status: Int32, sentence: String)] = [
            (
                [weights, picture], 64,
                "faster_rcnn_R18 is a detector, and what it finds is drawn; give a folder for the pictures with "
                    + "--output"
            ),
            (
                [weights, picture, "--model", "faster_rcnn_R19"] + drawn, 1,
                "model 'faster_rcnn_R19' is unknown; expected one of resnet8"
            ),
            (
                [bare, picture] + drawn, 64,
                "\(bare) does not say which network it is of; give --model"
            ),
            (
                [bare, picture] + detector + drawn, 64,
                "\(bare) does not say what its 2 classes are called; give a file of names with --classes"
            ),
            (
                [weights, picture, "--classes", "three.txt"] + drawn, 1,
                "three.txt: it names 3 classes, expected a name for each of the 2 that the weights tell apart"
            ),
            (
                [weights, picture, "--output", "occupied/drawn"], 1,
                "occupied"
            ),
            (
                [weights, picture, "--score-threshold", "1.5"] + drawn, 64,
                "--score-threshold is 1.5, expected 0 to 1"
            ),
            (
                [weights, picture, "--score-threshold", "nan"] + drawn, 64,
                "--score-threshold is nan, expected 0 to 1"
            ),
            (
                [weights, picture, "--top", "3"] + drawn, 64,
                "--top is for networks that name one class a picture, and faster_rcnn_R18 finds objects; leave it "
                    + "out"
            ),
            (
                [weights, picture, "--scale-16-bit-grey"] + drawn, 64,
                "--scale-16-bit-grey is for networks that name one class a picture"
            ),
            (
                [classifier, picture] + drawn, 64,
                "--output is for detectors, and resnet8 names one class a picture; leave it out"
            ),
            (
                [classifier, picture, "--score-threshold", "0.4"], 64,
                "--score-threshold is for detectors"
            ),
            ([classifier, picture, "--short-edge", "64"], 64, "--short-edge is for detectors"),
            (
                [classifier, picture] + detector + drawn, 1,
                "has the weights of a bottom-up network alone. Expected all of faster_rcnn_R18"
            ),
            (
                [weights, picture, "--model", "mask_rcnn_R18"] + drawn, 1,
                "they are those of faster_rcnn_R18; give --model faster_rcnn_R18"
            ),
        ]
        for (arguments, status, sentence) in cases {
            let outcome = try workshop.run(["predict"] + arguments)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.sentence.contains(sentence), "\(outcome.errors)")
        }
        #expect(!workshop.exists("never-drawn"))
    }
}
