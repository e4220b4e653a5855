import Drawing
import Foundation
import ImageFiles

/// Pictures and objects that several tests draw.
enum Scene {
    /// A picture of one colour.
    static func plain(_ width: Int, _ height: Int, _ value: UInt8 = 100) -> Picture {
        Picture(
            width: width, height: height,
            pixels: [UInt8](repeating: value, count: 3 * width * height))
    }

    /// A picture whose pixels all differ from their neighbours.
    static func mixed(_ width: Int, _ height: Int) -> Picture {
        Picture(
            width: width, height: height,
            pixels: (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: $0 &* 89 >> 1) })
    }

    /// The objects of `Fixtures/scene.png`, which lie on `mixed(90, 60)`.
    static let objects: [DrawnObject] = {
        var mask = [UInt8](repeating: 0, count: 90 * 60)
        for row in 20..<50 {
            for column in 50..<80
            where (row - 35) * (row - 35) + (column - 65) * (column - 65) < 200 {
                mask[row * 90 + column] = 1
            }
        }
        return [
            DrawnObject(
                box: DrawnBox(left: 4.5, top: 15.2, right: 40, bottom: 52.9), name: "person",
                classNumber: 0, score: 0.987),
            DrawnObject(
                box: DrawnBox(left: 50, top: 21, right: 80, bottom: 50), mask: mask, name: "dog",
                classNumber: 16, score: 0.4),
            DrawnObject(
                box: nil, mask: mask.map { 1 - $0 }, name: "Qqg~", classNumber: 79, score: 0.05),
        ]
    }()

    /// The file of a fixture.
    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(components: "Fixtures", name)))
    }

    /// Decodes a file.
    static func decode(_ file: [UInt8]) throws -> Picture {
        try file.withUnsafeBytes { bytes in
            let result = Result { () throws(ImageError) in try ImageDecoder().decode(bytes) }
            return try result.get()
        }
    }
}

extension Canvas {
    /// The places of the pixels of one colour, row by row.
    func places(of color: Color) -> [[Int]] {
        (0..<height).flatMap { row in
            (0..<width).filter { self.color(row, $0) == color }.map { [row, $0] }
        }
    }

    /// The colour of a pixel.
    func color(_ row: Int, _ column: Int) -> Color {
        let first = 3 * (row * width + column)
        return Color(red: pixels[first], green: pixels[first + 1], blue: pixels[first + 2])
    }
}
