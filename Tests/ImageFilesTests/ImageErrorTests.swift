import Foundation
import ImageFiles
import Testing

@Suite("Files that are no pictures")
struct ImageErrorTests {
    private let decoder = ImageDecoder()

    private func fixture(_ name: String) throws -> Data {
        try Data(contentsOf: PillowValues.folder.appending(components: "pillow", name))
    }

    private func error(_ bytes: Data) -> ImageError? {
        do {
            _ = try decoder.decode(bytes)
            return nil
        } catch {
            return error as? ImageError
        }
    }

    @Test(
        "A file of another kind is named",
        arguments: [
            ("GIF89a", "a GIF"), ("\0\0\0\u{1C}ftypavif\0\0\0\0", "an AVIF picture"),
            ("\0\0\0\u{18}ftypheic\0\0\0\0", "a HEIC picture"), ("BM\u{36}\0\0\0", "a BMP picture"),
            ("II*\0\u{8}\0\0\0", "a TIFF picture"), ("MM\0*\0\0\0\u{8}", "a TIFF picture"),
            ("<!DOCTYPE html><html>", "an HTML page"), ("P6\n2 2\n255\n", "a PNM picture"),
            ("version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
            ("\0\0\0\0\0\0\0\0\0\0", "zeros"), ("just text", "something else"),
        ])
    func foreign(content: String, name: String) {
        let found = error(Data(content.utf8))
        #expect(
            found?.description
                == "expected a JPEG, PNG or WebP picture, found \(name); convert it to JPEG, PNG or WebP, or remove it"
        )
    }

    @Test("An empty file is one")
    func empty() {
        #expect(error(Data()) == .empty)
        #expect(
            error(Data())?.description
                == "expected a picture, found an empty file; get the file again")
    }

    @Test(
        "A file that was cut off is called truncated",
        arguments: [
            "cut-half.jpg", "cut-98.jpg", "cut-98-below.jpg", "cut-end-marker.jpg",
            "cut-header.jpg",
            "cut-progressive.jpg", "cut-half.png", "cut-98.png", "cut-half.webp", "cut-98.webp",
        ])
    func truncated(name: String) throws {
        let found = try #require(error(try fixture(name)))
        guard case .truncated = found else {
            Issue.record("\(name): \(found)")
            return
        }
        #expect(found.description.contains("picture is truncated: it ends "))
        #expect(found.description.hasSuffix("; get the file again"))
    }

    @Test("Rows that nobody needs are missed all the same")
    func truncatedBelow() throws {
        let bytes = try fixture("cut-98-below.jpg")
        let box = CropBox(left: 10, top: 0, width: 40, height: 40)
        #expect(throws: ImageError.self) { try decoder.cut(bytes, box, to: 32) }
        let whole = try fixture("baseline-420-333x257.jpg")
        #expect(throws: Never.self) { try decoder.cut(whole, box, to: 32) }
    }

    @Test(
        "Kinds of JPEG that libjpeg-turbo does not know are called so",
        arguments: ["twelve-bits.jpg", "lossless.jpg"])
    func unsupported(name: String) throws {
        let found = try #require(error(try fixture(name)))
        #expect(
            found.description.hasPrefix("the JPEG picture is of a kind that is not read: "),
            "\(found)")
    }

    @Test("A file without its own tables does not get those of the file before")
    func tables() throws {
        _ = try decoder.decode(try fixture("baseline-420-65x49.jpg"))
        let found = try #require(error(try fixture("without-quantization.jpg")))
        #expect(found.description.contains("damaged: Quantization table"), "\(found)")
    }

    /// A PNG that is only a header, with a right checksum for 20,000 × 20,000 grey pixels.
    private let hugePNG = Data([
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0,
        0x4E, 0x20, 0, 0, 0x4E,
        0x20, 8, 0, 0, 0, 0, 0xC6, 0x1B, 0x19, 0xE5,
    ])

    /// The same of JPEG: a start of frame with 60,000 × 60,000 pixels and a start of scan.
    private let hugeJPEG = Data([
        0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xEA, 0x60, 0xEA, 0x60, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8,
        1, 1, 0, 0, 63, 0,
    ])

    @Test("A picture with too many pixels is refused by its header")
    func tooLarge() {
        #expect(error(hugePNG) == .tooLarge(width: 20_000, height: 20_000, limit: 178_956_970))
        #expect(
            error(hugeJPEG)?.description
                == "expected a picture of at most 178956970 pixels, found one of 60000 × 60000 by its header; make it "
                + "smaller, or allow more pixels")
    }

    @Test("The limit is the caller's")
    func limit() throws {
        let bytes = try fixture("mode-RGB-65x49.png")
        let exact = ImageDecoder(ImageOptions(maximumPixels: 65 * 49))
        #expect(try exact.decode(bytes).pixels.count == 3 * 65 * 49)
        let less = ImageDecoder(ImageOptions(maximumPixels: 65 * 49 - 1))
        #expect(throws: ImageError.tooLarge(width: 65, height: 49, limit: 3184)) {
            try less.decode(bytes)
        }
        let more = ImageDecoder(ImageOptions(maximumPixels: 400_000_000))
        #expect(try hugePNG.withUnsafeBytes { try more.header(of: $0) }.pixels == 400_000_000)
    }
}
