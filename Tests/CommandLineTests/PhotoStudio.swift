import ArchivesTestSupport
import CZlib
import Foundation

/// A folder with small photographs of three kinds of things, and a recipe for them, made once.
struct PhotoStudio: Sendable {
    static let classes = ["heron", "otter", "pike"]

    static let recipe = """
        name: test/photographs
        description: Photographs small enough for tests
        dataset: {name: folder, image_size: 32}
        student: {model: resnet8}
        method: {name: alone}
        optimizer: {learning_rate: 0.05}
        schedule: {name: onecycle}
        epochs: 2
        batch_size: 5
        precision: float32

        """

    private static let prepared = Result { try PhotoStudio() }

    static func shared() throws -> PhotoStudio { try prepared.get() }

    /// The workshop's folder, which goes when the tests end.
    let workshop: Workshop

    /// The run that was left alone.
    let reference = "photo-reference"

    private init() throws {
        workshop = try Workshop.shared()
        try workshop.write(Data(Self.recipe.utf8), to: "photos.yaml")
        try write(to: "photos")
        let outcome = try workshop.run(train(to: reference))
        guard outcome.status == 0 else { throw Workshop.Unprepared(errors: outcome.errors) }
    }

    /// Writes all photographs below a folder of the workshop.
    func write(to folder: String) throws {
        for (path, data) in Self.photographs { try workshop.write(data, to: "\(folder)/\(path)") }
    }

    /// Every photograph by its path.
    static let photographs: [(path: String, data: Data)] = {
        var random = LinearRandom(seed: 7)
        var photographs: [(path: String, data: Data)] = []
        for (split, count) in [("train", 8), ("val", 4)] {
            for (label, name) in classes.enumerated() {
                for number in 0..<count {
                    let (width, height) = (36 + 7 * number, 60 - 5 * number)
                    var pixels: [UInt8] = []
                    for place in 0..<(width * height) {
                        let noise = UInt8.random(in: 0..<64, using: &random)
                        for channel in 0..<3 {
                            pixels.append(noise + (channel == label ? 128 : UInt8(place % 64)))
                        }
                    }
                    let data = PNG.encode(pixels, width: width, height: height)
                    photographs.append(("\(split)/\(name)/\(number).png", data))
                }
            }
        }
        return photographs
    }()

    /// The arguments of the run that most tests are about.
    func train(to output: String, data: String = "photos") -> [String] {
        [
            "train", "photos.yaml", "--data", data, "--output", output, "--quiet", "--threads", "1",
        ]
    }
}

/// PNG files.
enum PNG {
    /// Encodes pixels, row by row: red, green and blue of eight bits, or grey of sixteen.
    static func encode(
        _ pixels: [UInt8], width: Int, height: Int, isSixteenBitGrey: Bool = false
    ) -> Data {
        let kind: [UInt8] = isSixteenBitGrey ? [16, 0, 0, 0, 0] : [8, 2, 0, 0, 0]
        let rowBytes = (isSixteenBitGrey ? 2 : 3) * width
        var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        add("IHDR", number(width) + number(height) + kind, to: &data)
        // A zero before each row says that it is stored as it is.
        var rows: [UInt8] = []
        for row in 0..<height {
            rows.append(0)
            rows += pixels[(rowBytes * row)..<(rowBytes * (row + 1))]
        }
        var packed = [UInt8](repeating: 0, count: Int(compressBound(uLong(rows.count))))
        var count = uLongf(packed.count)
        compress2(&packed, &count, rows, uLong(rows.count), 6)
        add("IDAT", Array(packed[..<Int(count)]), to: &data)
        add("IEND", [], to: &data)
        return data
    }

    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func add(_ kind: String, _ contents: [UInt8], to data: inout Data) {
        let body = Array(kind.utf8) + contents
        data.append(contentsOf: number(contents.count) + body)
        data.append(contentsOf: number(Int(crc32(0, body, uInt(body.count)))))
    }
}
