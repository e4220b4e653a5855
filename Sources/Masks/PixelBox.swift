/// A box of whole pixels.
public struct PixelBox: Sendable, Equatable {
    /// The first column.
    public let x: Int

    /// The first row.
    public let y: Int

    /// How many columns there are.
    public let width: Int

    /// How many rows there are.
    public let height: Int

    /// Makes a box of its first column and row and its size.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}
