import Basics
import Foundation
import ImageFiles

/// Reads files of pictures, each to a size of its own, on one thread.
public final class PictureReader {
    private let bytes = ImageBytes()
    private let decoder: ImageDecoder

    /// Makes a reader.
    ///
    /// - Parameter options: how pictures are read.
    public init(options: ImageOptions) { decoder = ImageDecoder(options) }

    /// One picture as it is wanted.
    public struct Wish: Sendable {
        /// The file.
        public let path: String

        /// How errors call the picture.
        public let name: String

        /// The width and height that the file must have; nil for any.
        public let expected: (width: Int, height: Int)?

        /// The columns and rows of the result.
        public let width, height: Int

        /// Whether left and right are exchanged.
        public let isFlipped: Bool

        /// Describes a picture.
        public init(
            path: String, name: String, expected: (width: Int, height: Int)?, width: Int,
            height: Int, isFlipped: Bool
        ) {
            self.path = path
            self.name = name
            self.expected = expected
            self.width = width
            self.height = height
            self.isFlipped = isFlipped
        }
    }

    /// Writes a picture.
    ///
    /// - Parameters:
    ///   - wish: the picture.
    ///   - row: room for at least `[height, width, 3]` bytes.
    /// - Throws: `UnreadableImage` where the file cannot be read as a picture of the expected size.
    public func write(_ wish: Wish, into row: UnsafeMutableRawBufferPointer) throws {
        let target = UnsafeMutableBufferPointer(
            rebasing: row.assumingMemoryBound(to: UInt8.self)[..<(3 * wish.width * wish.height)])
        func unreadable(_ reason: String) -> UnreadableImage {
            UnreadableImage(Unreadable(path: wish.name, reason: reason))
        }
        do {
            try bytes.with(ImageList.Location(file: wish.path, part: nil)) { bytes in
                if let expected = wish.expected {
                    let header = try decoder.header(of: bytes)
                    guard (header.width, header.height) == expected else {
                        throw unreadable(
                            "it is \(header.width) × \(header.height) pixels, and its entry says "
                                + "\(expected.width) × \(expected.height)")
                    }
                }
                try decoder.resized(
                    bytes, width: wish.width, height: wish.height, isFlipped: wish.isFlipped,
                    into: target)
            }
        } catch let error as ImageError {
            throw unreadable(error.problem)
        } catch let error as FileError {
            throw unreadable(error.reason)
        }
    }

    /// The size of a picture by its header.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - name: how errors call the picture.
    /// - Returns: columns and rows.
    /// - Throws: `UnreadableImage` where the file is no picture.
    public func size(of path: String, named name: String) throws -> (width: Int, height: Int) {
        do {
            return try bytes.with(ImageList.Location(file: path, part: nil)) { bytes in
                let header = try decoder.header(of: bytes)
                return (header.width, header.height)
            }
        } catch let error as ImageError {
            throw UnreadableImage(Unreadable(path: name, reason: error.problem))
        } catch let error as FileError {
            throw UnreadableImage(Unreadable(path: name, reason: error.reason))
        }
    }
}
