import Basics

/// An image that could not be read, and why.
public struct Unreadable: Sendable, Equatable {
    /// The image's path in its list.
    public let path: String
    /// Why, as a part of a sentence.
    public let reason: String

    /// Names an image.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// What happens where an image cannot be read.
public struct UnreadableRule: Sendable {
    /// How many different images may be unreadable before reading ends with an error.
    public let allowed: Int

    /// Whether the next image in the order takes the place of one that is unreadable; else its row stays empty.
    public let substitutes: Bool

    /// Gathers the rule.
    public init(allowed: Int, substitutes: Bool) {
        self.allowed = allowed
        self.substitutes = substitutes
    }

    /// A thousandth of the images, and at least one.
    public static func standard(of count: Int) -> Int { max(1, count / 1000) }
}

/// More images were unreadable than is allowed.
public struct TooManyUnreadable: Error, Equatable, CustomStringConvertible {
    /// Those that were found.
    public let found: [Unreadable]
    /// How many are allowed.
    public let allowed: Int
    /// Of how many.
    public let count: Int

    /// Gathers unreadable images.
    ///
    /// - Parameters:
    ///   - found: those that were found.
    ///   - allowed: how many are allowed.
    ///   - count: of how many.
    package init(found: [Unreadable], allowed: Int, count: Int) {
        self.found = found
        self.allowed = allowed
        self.count = count
    }

    /// The first of them, and what to do.
    public var description: String { "\(problem); mend or remove them, or allow more" }

    /// The first of them.
    package var problem: String {
        let list = found.map { "\($0.path): \($0.reason)" }
        let limit = allowed == 0 ? "none may be" : "at most \(allowed) may be"
        return "\(found.count) of \(count) images cannot be read, \(limit): "
            + list.prefix(10).joined(separator: "; ")
            + (list.count > 10 ? "; and \(list.count - 10) more" : "")
    }
}
