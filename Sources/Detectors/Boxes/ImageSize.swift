/// The size of a picture, a map or a mask.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
    /// Rows, in pixels or places.
    public let height: Int

    /// Columns, in pixels or places.
    public let width: Int

    /// Gathers both.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// Height and width, as `480 × 640`.
    public var description: String { "\(height) × \(width)" }
}
