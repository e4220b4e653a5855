import Basics
import ImageFiles

/// What a network sees of a photograph: pixels of a fixed size.
public struct ImageView: Sendable, Equatable {
    /// Which pixels.
    public enum Kind: Sendable, Equatable {
        /// The middle, once the shorter side has been resized to a length.
        case centre(resize: Int)

        /// A random part, mirrored or not, that depends on seed, epoch and the image's position alone.
        case random(seed: UInt64, epoch: Int, flips: Bool, isExact: Bool)
    }

    /// Height and width of the result in pixels.
    public let size: Int

    /// Which pixels.
    public let kind: Kind

    /// Describes a view.
    public init(size: Int, kind: Kind) {
        self.size = size
        self.kind = kind
    }

    /// The bytes of a result, `[size, size, 3]`.
    public var byteCount: Int { 3 * size * size }
}

/// Reads listed images into views, on one thread.
public final class ImageWorker {
    private let list: ImageList
    private let view: ImageView
    private let bytes = ImageBytes()
    private let decoder: ImageDecoder
    private let greys: GreyNotes?
    private var picture = Picture()

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - list: the images.
    ///   - view: what is wanted of each.
    ///   - options: how pictures are read.
    ///   - greys: where images that are grey with 16 bits are noted, unless they are scaled.
    public init(
        _ list: ImageList, view: ImageView, options: ImageOptions, greys: GreyNotes? = nil
    ) {
        self.greys = options.scalesSixteenBitGrey ? nil : greys
        self.list = list
        self.view = view
        decoder = ImageDecoder(options)
    }

    /// Writes the view of an image.
    ///
    /// - Parameters:
    ///   - position: the image's position in the list.
    ///   - row: room for the view's bytes.
    /// - Throws: `UnreadableImage` where the file cannot be read as a picture.
    public func write(_ position: Int, into row: UnsafeMutableRawBufferPointer) throws {
        let target = row.assumingMemoryBound(to: UInt8.self)
        try read(position) { bytes in
            switch view.kind {
            case .centre(let resize):
                try decoder.centre(bytes, resize: resize, crop: view.size, into: target)
            case .random(let seed, let epoch, let flips, let isExact):
                var random = CounterRandom(seed, 2, UInt64(epoch), UInt64(position))
                let isFlipped = random.next() >> 63 == 1 && flips
                let header = try decoder.header(of: bytes)
                let box = CropBox.randomResized(
                    width: header.width, height: header.height, using: &random)
                try decoder.cut(
                    bytes, box, to: view.size, isFlipped: isFlipped, isExact: isExact,
                    into: target)
            }
        }
    }

    /// The bytes of an image's file.
    ///
    /// - Throws: `UnreadableImage` where they cannot be read.
    public func file(_ position: Int) throws -> [UInt8] {
        var file: [UInt8] = []
        try read(position) { file = Array($0) }
        return file
    }

    /// Decodes an image in full, and keeps the pixels until the next one.
    ///
    /// - Parameters:
    ///   - file: the bytes of the image's file.
    ///   - position: the image's position in the list.
    /// - Throws: `UnreadableImage` where they are no picture that can be read.
    public func decode(_ file: [UInt8], of position: Int) throws {
        try naming(position) { try file.withUnsafeBytes { try decoder.decode($0, into: &picture) } }
    }

    private func read(_ position: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try naming(position) {
            try bytes.with(list.location(position)) { bytes in
                try body(bytes)
                if let greys, Self.mayBeSixteenBitGrey(bytes),
                    try decoder.header(of: bytes).isSixteenBitGrey
                {
                    greys.add(position)
                }
            }
        }
    }

    /// Does something with an image, and names the image where it fails.
    private func naming(_ position: Int, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ImageError {
            throw UnreadableImage(unreadable(position, error.problem))
        } catch let error as FileError {
            throw UnreadableImage(unreadable(position, error.reason))
        }
    }

    /// Whether the header of a PNG says 16 bits, which is cheap to see.
    private static func mayBeSixteenBitGrey(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 24 && bytes[0] == 0x89 && bytes[24] == 16
    }

    private func unreadable(_ position: Int, _ reason: String) -> Unreadable {
        Unreadable(path: list.path(position), reason: reason)
    }
}
