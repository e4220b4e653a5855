import Foundation

/// A folder in COCO's form with small pictures of coloured rectangles, and a recipe for them, made once.
struct DetectionStudio: Sendable {
    static let recipe = """
        name: test/rectangles
        description: Pictures with rectangles small enough for tests
        dataset: {name: coco, short_edges: [64, 80], longest_edge: 96, evaluation_short_edge: 64}
        student: {model: faster_rcnn_R18, norm: batch}
        detector:
          proposals_per_level: 50
          proposals: 30
          evaluation_proposals_per_level: 50
          evaluation_proposals: 20
          anchors_per_image: 32
          regions_per_image: 16
          score_threshold: 0.001
        method: {name: alone}
        optimizer: {learning_rate: 0.005, nesterov: false, norm_weight_decay: 0}
        schedule: {name: multistep, milestones: [], warmup_steps: 2}
        epochs: 2
        batch_size: 2
        precision: float32

        """

    private static let prepared = Result { try DetectionStudio() }

    static func shared() throws -> DetectionStudio { try prepared.get() }

    /// The workshop's folder, which goes when the tests end.
    let workshop: Workshop

    /// The run that was left alone.
    let reference = "rectangles-reference"

    private init() throws {
        workshop = try Workshop.shared()
        try workshop.write(Data(Self.recipe.utf8), to: "rectangles.yaml")
        try write(to: "rectangles")
        let outcome = try workshop.run(train(to: reference))
        guard outcome.status == 0 else { throw Workshop.Unprepared(errors: outcome.errors) }
    }

    /// The arguments of the run that most tests are about.
    func train(to output: String, data: String = "rectangles") -> [String] {
        [
            "train", "rectangles.yaml", "--data", data, "--output", output, "--quiet", "--threads",
            "1",
        ]
    }

    /// Writes all pictures and annotations below a folder of the workshop.
    func write(to folder: String) throws {
        for (path, data) in try Self.files() { try workshop.write(data, to: "\(folder)/\(path)") }
    }

    /// Every file by its path.
    private static func files() throws -> [(path: String, data: Data)] {
        var random = LinearRandom(seed: 11)
        var files: [(path: String, data: Data)] = []
        for (split, count) in [("train2017", 5), ("val2017", 3)] {
            var images: [[String: Any]] = []
            var annotations: [[String: Any]] = []
            for number in 1...count {
                let (width, height) = number % 2 == 0 ? (90, 60) : (60, 72)
                var pixels = (0..<(3 * width * height)).map { _ in
                    UInt8.random(in: 0..<40, using: &random)
                }
                for category in [2, 5] {
                    let side = Int.random(in: 18..<34, using: &random)
                    let x = Int.random(in: 0..<(width - side), using: &random)
                    let y = Int.random(in: 0..<(height - side), using: &random)
                    for row in y..<(y + side) {
                        for column in x..<(x + side) {
                            pixels[3 * (row * width + column) + category % 3] = 220
                        }
                    }
                    annotations.append([
                        "id": annotations.count + 1, "image_id": number, "category_id": category,
                        "bbox": [x, y, side, side], "area": side * side, "iscrowd": 0,
                        "segmentation": [[x, y, x + side, y, x + side, y + side, x, y + side]],
                    ])
                }
                images.append([
                    "id": number, "width": width, "height": height, "file_name": "\(number).png",
                ])
                files.append(
                    (
                        "\(split)/\(number).png",
                        PNG.encode(pixels, width: width, height: height)
                    ))
            }
            let object: [String: Any] = [
                "images": images, "annotations": annotations,
                "categories": [["id": 2, "name": "blue"], ["id": 5, "name": "lime"]],
            ]
            files.append(
                (
                    "annotations/instances_\(split).json",
                    try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
                ))
        }
        return files
    }
}
