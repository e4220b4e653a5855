/// A picture file that cannot be used.
///
/// The caller adds the file's name.
public enum ImageError: Error, Equatable, Sendable {
    /// The file holds no byte.
    case empty
    /// The file is none of the formats; what it looks like, where that is known.
    case unknownFormat(looksLike: String?)
    /// The file ends before its picture does.
    case truncated(ImageFormat, reason: String)
    /// The bytes contradict the format.
    case damaged(ImageFormat, reason: String)
    /// The format has kinds that are not read, and this is one.
    case unsupported(ImageFormat, reason: String)
    /// The header announces more pixels than are allowed.
    case tooLarge(width: Int, height: Int, limit: Int)
    /// There is no memory for the pixels.
    case outOfMemory(width: Int, height: Int)
}

extension ImageError: CustomStringConvertible {
    /// One sentence: what was expected, what was found, and the remedy.
    public var description: String { "\(problem); \(remedy)" }

    package var problem: String {
        switch self {
        case .empty: "expected a picture, found an empty file"
        case .unknownFormat(let kind):
            "expected a JPEG, PNG or WebP picture, found \(kind ?? "something else")"
        case .truncated(let format, let reason):
            "the \(format.rawValue) picture is truncated: \(reason)"
        case .damaged(let format, let reason):
            "the \(format.rawValue) picture is damaged: \(reason)"
        case .unsupported(let format, let reason):
            "the \(format.rawValue) picture is of a kind that is not read: \(reason)"
        case .tooLarge(let width, let height, let limit):
            "expected a picture of at most \(limit) pixels, found one of \(width) × \(height) by its header"
        case .outOfMemory(let width, let height):
            "there is no memory for a picture of \(width) × \(height) pixels"
        }
    }

    private var remedy: String {
        switch self {
        case .empty, .truncated: "get the file again"
        case .damaged: "get the file again, or write it anew with another program"
        case .unknownFormat, .unsupported: "convert it to JPEG, PNG or WebP, or remove it"
        case .tooLarge: "make it smaller, or allow more pixels"
        case .outOfMemory: "make it smaller, or use fewer threads"
        }
    }
}
