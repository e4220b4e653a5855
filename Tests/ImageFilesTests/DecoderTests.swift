import CImage
import Foundation
import Testing

@testable import ImageFiles

@Suite("Decoder")
struct DecoderTests {
    private func fixture(_ name: String) throws -> Data {
        try Data(contentsOf: PillowValues.folder.appending(components: "pillow", name))
    }

    @Test("Grey of 16 bits is clipped, or keeps its upper half if that is asked for")
    func sixteenBits() throws {
        let bytes = try fixture("grey16-65x49.png")
        let header = try bytes.withUnsafeBytes { try ImageDecoder().header(of: $0) }
        #expect(
            header.isSixteenBitGrey && header.format == .png && header.width == 65
                && header.height == 49)
        let clipped = try ImageDecoder().decode(bytes).pixels
        let scaled = try ImageDecoder(ImageOptions(scalesSixteenBitGrey: true)).decode(bytes).pixels
        // Of numbers up to 65,535 one in 256 is below 256.
        let white = clipped.filter { $0 == 255 }.count
        #expect(Double(white) / Double(clipped.count) > 0.98)
        #expect(Set(scaled).count > 200)
        for place in clipped.indices where clipped[place] < 255 { #expect(scaled[place] == 0) }
        for name in ["type-2-16-bits-33x20.png", "mode-L-65x49.png", "grey-65x49.jpg"] {
            let other = try fixture(name)
            #expect(
                try other.withUnsafeBytes { try ImageDecoder().header(of: $0) }.isSixteenBitGrey
                    == false)
        }
    }

    @Test("A picture's memory is used again, and its size follows the file")
    func reuse() throws {
        let decoder = ImageDecoder()
        var picture = Picture()
        for name in [
            "mode-RGB-65x49.png", "baseline-444-65x49.jpg", "lossy-65x49.webp", "restart.jpg",
        ] {
            let bytes = try fixture(name)
            try bytes.withUnsafeBytes { try decoder.decode($0, into: &picture) }
            #expect(picture == (try decoder.decode(bytes)), "\(name)")
        }
        #expect(picture.width == 110 && picture.height == 81)
    }

    @Test("Bytes behind the picture in the caller's memory stay as they are")
    func bounds() throws {
        let bytes = try fixture("baseline-420-333x257.jpg")
        for (side, isFlipped) in [(1, false), (7, true), (31, false), (32, true), (64, false)] {
            let count = 3 * side * side
            var memory = [UInt8](repeating: 0xA5, count: count + 128)
            try memory.withUnsafeMutableBufferPointer { memory in
                let target = UnsafeMutableBufferPointer(rebasing: memory[64..<(64 + count)])
                try bytes.withUnsafeBytes {
                    try ImageDecoder().cut(
                        $0, CropBox(left: 3, top: 5, width: 300, height: 200), to: side,
                        isFlipped: isFlipped, into: target)
                }
            }
            #expect(
                memory.prefix(64).allSatisfy { $0 == 0xA5 }
                    && memory.suffix(64).allSatisfy { $0 == 0xA5 })
        }
    }

    @Test(
        "A square that keeps its size is a part of the whole picture, of a file that lacks scans too"
    )
    func squares() throws {
        let progressive = try fixture("progressive-422-1000x60.jpg")
        // Without its last scans a picture is smoothed across blocks. How, depends on the version of libjpeg-turbo.
        let scans = progressive.indices.dropLast().filter {
            progressive[$0] == 0xFF && progressive[$0 + 1] == 0xDA
        }
        let tables = progressive.indices.dropLast().last {
            $0 < scans[3] && progressive[$0] == 0xFF && progressive[$0 + 1] == 0xC4
        }
        let incomplete = progressive.prefix(try #require(tables)) + [0xFF, 0xD9]
        let decoder = ImageDecoder()
        for (bytes, name) in [
            (incomplete, "incomplete"), (progressive, "whole"),
            (try fixture("baseline-420-333x257.jpg"), "baseline"),
            (try fixture("sampling-odd.jpg"), "odd"),
        ] {
            let picture = try decoder.decode(bytes)
            for (left, top, side) in [
                (0, 0, 40), (30, 11, 17), (50, 7, 33), (61, 20, 2), (7, 19, 41),
            ] {
                let box = CropBox(left: left, top: top, width: side, height: side)
                let part = (top..<(top + side)).flatMap { row in
                    picture.pixels[(3 * (row * picture.width + left))...].prefix(3 * side)
                }
                #expect(try decoder.cut(bytes, box, to: side) == part, "\(name), \(box)")
            }
        }
    }

    @Test("The largest reduction leaves as many pixels as the result has")
    func reduction() {
        func scale(_ width: Int, _ height: Int) -> Int {
            ReducedSide.scale(of: CropBox(left: 0, top: 0, width: width, height: height), to: 224)
        }
        #expect(scale(447, 2000) == 1)
        #expect(scale(448, 448) == 2)
        #expect(scale(895, 896) == 2)
        #expect(scale(896, 5000) == 4)
        #expect(scale(1792, 1792) == 8)
    }

    @Test("Names of picture files are known by their ending")
    func names() {
        for name in ["a.jpg", "b/c.JPEG", "x.y.Png", "webp.webp", ".jpg"] {
            #expect(ImageFormat.accepts(name: name), "\(name)")
        }
        for name in ["jpg", "a.gif", "a.jpg.txt", "a.jpg/b", "a.bmp", "a.", ""] {
            #expect(!ImageFormat.accepts(name: name), "\(name)")
        }
        for name in ["a.BMP", "a.ppm", "a.pgm", "a.tif", "a.tiff"] {
            #expect(ImageFormat.onlyTorchvisionAccepts(name: name), "\(name)")
        }
        #expect(
            !ImageFormat.onlyTorchvisionAccepts(name: "a.jpg")
                && !ImageFormat.onlyTorchvisionAccepts(name: "a.avif"))
    }
}

@Suite("Kernels that resize")
struct ResizeKernelTests {
    /// Pictures whose sides are no multiples of anything, and pieces of results.
    private static let cases: [(width: Int, height: Int, columns: Int, rows: Int)] = [
        (1, 1, 5, 3), (5, 3, 1, 1), (61, 47, 13, 29), (13, 29, 61, 47), (300, 7, 64, 7),
        (64, 33, 64, 65),
        (900, 200, 17, 11), (3, 500, 40, 2),
    ]

    @Test(
        "All kinds of instructions give the same bytes, within their bounds",
        arguments: PillowValues.instructions)
    func sameBytes(instructions: ci_instructions) {
        for (width, height, columns, rows) in Self.cases {
            let stride = 3 * width + 5
            let source = (0..<(stride * height + 64)).map {
                UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13)
            }
            for isReversed in [false, true] {
                var tables = ResizeTables()
                let resizing = Resizing(
                    columns: .all(width, to: columns, isReversed: isReversed),
                    rows: .all(height, to: rows),
                    from: &tables)
                func result(_ instructions: ci_instructions) -> [UInt8] {
                    var bytes = [UInt8](repeating: 0xA5, count: 3 * columns * rows + 64)
                    bytes.withUnsafeMutableBufferPointer { target in
                        source.withUnsafeBufferPointer { source in
                            guard let pixels = source.baseAddress, let start = target.baseAddress
                            else { return }
                            Resizer(instructions).resize(
                                PixelView(pixels: pixels, stride: stride), by: resizing,
                                into: PixelTarget(pixels: start, stride: 3 * columns))
                        }
                    }
                    return bytes
                }
                let found = result(instructions)
                #expect(
                    found == result(CI_PORTABLE), "\(width) × \(height) to \(columns) × \(rows)")
                #expect(found.suffix(64).allSatisfy { $0 == 0xA5 })
            }
        }
    }
}
