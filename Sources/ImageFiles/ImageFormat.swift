/// A format of picture files that can be read.
public enum ImageFormat: String, Sendable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"

    /// The endings of file names of pictures, in lower case; compare them so.
    public static let extensions = ["jpg", "jpeg", "png", "webp"]

    /// The endings that torchvision's `ImageFolder` takes beyond these; no format here reads them.
    public static let otherExtensions = ["bmp", "pgm", "ppm", "tif", "tiff"]

    /// Whether a file's name has an ending of a picture, in capitals or not.
    ///
    /// - Parameter name: A file's name or path.
    /// - Returns: Whether the ending is one of `extensions`.
    public static func accepts(name: some StringProtocol) -> Bool {
        hasExtension(name, among: extensions)
    }

    /// Whether torchvision would read the file, as its name ends, and this program does not.
    ///
    /// Someone who changes over should be told of such files, not lose them without a word.
    ///
    /// - Parameter name: A file's name or path.
    /// - Returns: Whether the ending is one of `otherExtensions`.
    public static func onlyTorchvisionAccepts(name: some StringProtocol) -> Bool {
        hasExtension(name, among: otherExtensions)
    }

    private static func hasExtension(_ name: some StringProtocol, among list: [String]) -> Bool {
        guard let point = name.lastIndex(of: "."), !name[point...].contains("/") else {
            return false
        }
        return list.contains(name[name.index(after: point)...].lowercased())
    }
}

/// What the first bytes of a file say that it is.
enum ContentKind: Equatable {
    case picture(ImageFormat)
    /// Something else, with a word for it where it is known.
    case other(String?)

    /// Looks at the beginning of a file.
    init(of bytes: UnsafeRawBufferPointer) {
        func begins(_ text: String, at place: Int = 0) -> Bool {
            bytes.dropFirst(place).starts(with: text.utf8)
        }
        func begins(_ numbers: [UInt8]) -> Bool { bytes.starts(with: numbers) }
        if begins([0xFF, 0xD8, 0xFF]) {
            self = .picture(.jpeg)
        } else if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .picture(.png)
        } else if begins("RIFF"), begins("WEBP", at: 8) {
            self = .picture(.webp)
        } else {
            self = .other(Self.others(begins: begins, hasBytes: begins))
        }
    }

    private static func others(
        begins: (String, Int) -> Bool, hasBytes: ([UInt8]) -> Bool
    ) -> String? {
        let words: [(String, Bool)] = [
            ("a GIF", begins("GIF8", 0)),
            ("an AVIF picture", begins("ftypavif", 4) || begins("ftypavis", 4)),
            (
                "a HEIC picture",
                ["ftypheic", "ftypheix", "ftypmif1", "ftypmsf1", "ftyphevc"].contains {
                    begins($0, 4)
                }
            ),
            ("a BMP picture", begins("BM", 0)),
            (
                "a TIFF picture",
                hasBytes([0x49, 0x49, 0x2A, 0]) || hasBytes([0x4D, 0x4D, 0, 0x2A])
            ),
            (
                "a JPEG 2000 picture",
                hasBytes([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20])
                    || hasBytes([0xFF, 0x4F, 0xFF, 0x51])
            ),
            (
                "a JPEG XL picture",
                hasBytes([0xFF, 0x0A]) || hasBytes([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20])
            ),
            ("a Photoshop picture", begins("8BPS", 0)),
            ("a PDF", begins("%PDF", 0)),
            ("a zip archive", hasBytes([0x50, 0x4B, 3, 4])),
            ("gzip data", hasBytes([0x1F, 0x8B])),
            ("a PNM picture", ["P1", "P2", "P3", "P4", "P5", "P6"].contains { begins($0, 0) }),
            (
                "an HTML page",
                ["<!doctype html", "<!DOCTYPE html", "<!DOCTYPE HTML", "<html", "<HTML"].contains {
                    begins($0, 0)
                }
            ),
            ("an SVG or XML document", begins("<svg", 0) || begins("<?xml", 0)),
            ("a pointer of Git LFS", begins("version https://git-lfs", 0)),
            ("zeros", hasBytes([0, 0, 0, 0, 0, 0, 0, 0])),
        ]
        return words.first { $0.1 }?.0
    }
}
