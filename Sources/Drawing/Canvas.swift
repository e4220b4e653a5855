import ImageFiles

/// A picture that is drawn on.
public struct Canvas: Sendable {
    /// The number of columns.
    public let width: Int
    /// The number of rows.
    public let height: Int
    /// `[height, width, 3]` bytes of red, green and blue.
    public private(set) var pixels: [UInt8]

    /// Begins with a picture.
    ///
    /// - Precondition: the picture has at least one pixel.
    public init(_ picture: Picture) {
        precondition(picture.width > 0 && picture.height > 0, "Canvas: a picture without pixels")
        (width, height, pixels) = (picture.width, picture.height, picture.pixels)
    }

    /// The picture with all that was drawn.
    public var picture: Picture { Picture(width: width, height: height, pixels: pixels) }

    /// Fills a rectangle; what lies outside of the picture is left out.
    ///
    /// - Parameters:
    ///   - columns: its columns.
    ///   - rows: its rows.
    ///   - color: the colour.
    public mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, _ color: Color) {
        let columns = columns.clamped(to: 0..<width)
        for row in rows.clamped(to: 0..<height) {
            for column in columns { set(row * width + column, color) }
        }
    }

    /// Draws the frame of a rectangle, inside of it.
    ///
    /// - Parameters:
    ///   - columns: the columns of the rectangle.
    ///   - rows: its rows.
    ///   - thickness: how many pixels wide the frame is.
    ///   - color: the colour.
    public mutating func frame(
        _ columns: Range<Int>, _ rows: Range<Int>, thickness: Int, _ color: Color
    ) {
        fill(columns, rows.prefix(thickness), color)
        fill(columns, rows.suffix(thickness), color)
        fill(columns.prefix(thickness), rows, color)
        fill(columns.suffix(thickness), rows, color)
    }

    /// Lays a colour over the pixels of a mask; half of what was there remains.
    ///
    /// - Parameters:
    ///   - mask: `[height, width]`; whatever is not 0 is inside.
    ///   - color: the colour.
    /// - Precondition: the mask has as many pixels as the picture.
    public mutating func tint(_ mask: [UInt8], _ color: Color) {
        precondition(
            mask.count == width * height,
            "Canvas: a mask of \(mask.count) pixels; the picture has \(height) rows of \(width)")
        for (pixel, isInside) in mask.enumerated() where isInside != 0 {
            set(
                pixel,
                Color(
                    red: mean(pixels[3 * pixel], color.red),
                    green: mean(pixels[3 * pixel + 1], color.green),
                    blue: mean(pixels[3 * pixel + 2], color.blue)))
        }
    }

    /// Writes a line of text, of which each pixel becomes a square.
    ///
    /// - Parameters:
    ///   - text: ASCII; a question mark takes the place of other characters.
    ///   - left: the first column.
    ///   - top: the first row; the base line is seven squares below it.
    ///   - scale: the side of a square in pixels.
    ///   - color: the colour.
    public mutating func write(
        _ text: String, left: Int, top: Int, scale: Int, _ color: Color
    ) {
        for (place, character) in text.unicodeScalars.enumerated() {
            let start = left + place * Font.advance * scale
            for (row, bits) in Font.rows(of: character).enumerated() {
                for column in 0..<Glyphs.columns where bits >> column & 1 == 1 {
                    let (x, y) = (start + column * scale, top + row * scale)
                    fill(x..<(x + scale), y..<(y + scale), color)
                }
            }
        }
    }

    private mutating func set(_ pixel: Int, _ color: Color) {
        pixels[3 * pixel] = color.red
        pixels[3 * pixel + 1] = color.green
        pixels[3 * pixel + 2] = color.blue
    }

    private func mean(_ first: UInt8, _ second: UInt8) -> UInt8 {
        UInt8((Int(first) + Int(second) + 1) / 2)
    }
}
