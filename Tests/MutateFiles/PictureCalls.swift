import Basics
import CZlib
import Foundation
import ImageFiles

/// Every call of a decoder, on files of pictures.
struct PictureCalls {
    private let decoder = ImageDecoder(ImageOptions(maximumPixels: 1 << 20))
    private var random: CounterRandom
    private var count = 0

    init(seed: UInt64) { random = CounterRandom(seed) }

    /// Reads the header and all pixels, the centre, and a box as training does, in one order or the other: what one call
    /// leaves in the decoder must not harm the next.
    mutating func read(_ contents: Data) throws {
        count += 1
        let (decoder, isFlipped) = (decoder, count % 2 == 0)
        var random = random
        defer { self.random = random }
        var failure: (any Error)?
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { failure = error }
        }
        // A copy of its own size, so that reading one byte too far is noticed.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: contents)
        let file = UnsafeRawBufferPointer(bytes)
        attempt { _ = try decoder.decode(file) }
        attempt {
            try Self.withSquare(40) { try decoder.centre(file, resize: 48, crop: 40, into: $0) }
        }
        attempt {
            let header = try decoder.header(of: file)
            let box = CropBox.randomResized(
                width: header.width, height: header.height, using: &random)
            // Small enough that a JPEG is often reduced.
            let side = 1 + Int(random.next(upperBound: UInt64(24)))
            for isExact in [true, false] {
                attempt {
                    try Self.withSquare(side) {
                        try decoder.cut(
                            file, box, to: side, isFlipped: isFlipped, isExact: isExact, into: $0)
                    }
                }
            }
        }
        if let failure { throw failure }
    }

    /// The file with right checksums as far as its chunks can be followed: behind a wrong one nobody would look at them.
    static func withChecksums(_ contents: Data) -> Data {
        var bytes = [UInt8](contents)
        var place = 8
        while place + 12 <= bytes.count {
            let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            let end = place + 8 + length
            guard end + 4 <= bytes.count else { break }
            let sum = bytes[(place + 4)..<end].withUnsafeBytes {
                crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count))
            }
            for index in 0..<4 {
                bytes[end + index] = UInt8(truncatingIfNeeded: sum >> UInt(24 - 8 * index))
            }
            place = end + 4
        }
        return Data(bytes)
    }

    private static func withSquare(
        _ side: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Void
    ) throws {
        let target = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 3 * side * side)
        defer { target.deallocate() }
        try body(target)
    }

    /// The small pictures of a format among the fixtures, whole and damaged ones.
    static func seeds(of format: ImageFormat, in tests: URL) throws -> [Data] {
        let folder = tests.appending(components: "ImageFilesTests", "Fixtures", "pillow")
        let endings = format == .jpeg ? ["jpg"] : [format.rawValue.lowercased()]
        return try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        )
        .filter { endings.contains($0.pathExtension) }.sorted { $0.path < $1.path }
        .map { try Data(contentsOf: $0) }.filter { $0.count <= 4096 }
    }
}
