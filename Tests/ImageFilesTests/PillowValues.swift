import CImage
import Crypto
import Foundation
import Testing

@testable import ImageFiles

/// What Pillow 13.0.0 makes of 89 small files of all kinds, some of them damaged, by `pillow_values.py`.
@Suite("Pillow's values")
struct PillowValues {
    struct Listing: Decodable {
        var pictures: [Entry]
    }

    struct Entry: Decodable, CustomTestStringConvertible, Sendable {
        var file: String
        var error: String?
        var width: Int?
        var height: Int?
        var sha256: String?
        var centres: [Centre]?
        var cuts: [Cut]?

        var testDescription: String { file }
    }

    struct Centre: Decodable, Sendable {
        var resize: Int
        var crop: Int
        var sha256: String
    }

    struct Cut: Decodable, Sendable {
        var box: [Int]
        var size: Int
        var flipped: Bool
        var scale: Int
        var sha256: String

        var cropBox: CropBox { CropBox(left: box[0], top: box[1], width: box[2], height: box[3]) }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(component: "Fixtures")

    private static func entries() throws -> [Entry] {
        try JSONDecoder().decode(
            Listing.self, from: Data(contentsOf: folder.appending(component: "pillow.json"))
        ).pictures
    }

    private static func bytes(of entry: Entry) throws -> Data {
        try Data(contentsOf: folder.appending(components: "pillow", entry.file))
    }

    private func sum(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }

    /// Every kind of instructions that this processor has.
    static let instructions = [CI_PORTABLE, CI_AVX2, CI_AVX512].filter {
        $0.rawValue <= ci_best_instructions().rawValue
    }

    @Test(
        "All pixels, the centre and boxes are Pillow's, with every kind of instructions",
        arguments: instructions)
    func pixels(instructions: ci_instructions) throws {
        // One decoder for all, so that nothing of a file may be left to the next.
        let decoder = ImageDecoder(ImageOptions(), instructions: instructions)
        var (pictures, cuts) = (0, 0)
        for entry in try Self.entries() where entry.error == nil {
            let bytes = try Self.bytes(of: entry)
            let picture = try decoder.decode(bytes)
            #expect(picture.width == entry.width && picture.height == entry.height, "\(entry.file)")
            #expect(sum(picture.pixels) == entry.sha256, "\(entry.file)")
            for centre in entry.centres ?? [] {
                let found = try decoder.evaluated(bytes, resize: centre.resize, crop: centre.crop)
                #expect(sum(found) == centre.sha256, "\(entry.file): \(centre)")
            }
            for cut in entry.cuts ?? [] {
                let found = try decoder.cut(
                    bytes, cut.cropBox, to: cut.size, isFlipped: cut.flipped,
                    isExact: cut.scale == 1)
                #expect(sum(found) == cut.sha256, "\(entry.file): \(cut)")
                cuts += 1
            }
            pictures += 1
        }
        #expect(pictures > 70 && cuts > 400, "\(pictures) pictures, \(cuts) cuts")
    }

    @Test("A fast cut that is not reduced is the exact one")
    func fastIsExactAtFullSize() throws {
        let decoder = ImageDecoder()
        for entry in try Self.entries() where entry.error == nil {
            let bytes = try Self.bytes(of: entry)
            for cut in entry.cuts ?? [] where min(cut.box[2], cut.box[3]) < 2 * cut.size {
                let found = try decoder.cut(
                    bytes, cut.cropBox, to: cut.size, isFlipped: cut.flipped)
                #expect(sum(found) == cut.sha256, "\(entry.file): \(cut)")
            }
        }
    }

    @Test("What Pillow refuses is an error in every call, and the decoder goes on")
    func errors() throws {
        let decoder = ImageDecoder()
        let good = try Data(contentsOf: Self.folder.appending(components: "pillow", "restart.jpg"))
        let before = try decoder.decode(good)
        var refused = 0
        for entry in try Self.entries() where entry.error != nil {
            let bytes = try Self.bytes(of: entry)
            #expect(throws: ImageError.self, "\(entry.file)") { try decoder.decode(bytes) }
            #expect(throws: ImageError.self, "\(entry.file)") {
                try decoder.evaluated(bytes, resize: 20, crop: 16)
            }
            #expect(throws: ImageError.self, "\(entry.file)") {
                try decoder.cut(bytes, CropBox(left: 2, top: 1, width: 9, height: 8), to: 8)
            }
            #expect(try decoder.decode(good) == before, "after \(entry.file)")
            refused += 1
        }
        #expect(refused > 12)
    }
}
