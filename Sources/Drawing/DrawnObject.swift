/// The edges of a box in pixels of a picture, from the left and upper edge of its first pixel on.
public struct DrawnBox: Sendable, Equatable {
    /// The left edge.
    public let left: Double
    /// The upper edge.
    public let top: Double
    /// The right edge.
    public let right: Double
    /// The lower edge.
    public let bottom: Double

    /// Gathers the edges.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    /// The pixels of a picture that the box touches, at least one along each side.
    ///
    /// - Parameters:
    ///   - width: of the picture.
    ///   - height: of the picture.
    /// - Returns: nil where the box lies outside of the picture, has a negative side or an edge that is no number.
    func pixels(width: Int, height: Int) -> (columns: Range<Int>, rows: Range<Int>)? {
        guard let columns = Self.pixels(left, right, of: width),
            let rows = Self.pixels(top, bottom, of: height)
        else { return nil }
        return (columns, rows)
    }

    private static func pixels(_ low: Double, _ high: Double, of length: Int) -> Range<Int>? {
        // False too where one of them is no number.
        guard low <= high, high >= 0, low <= Double(length), length > 0 else { return nil }
        let first = min(Int(max(low, 0).rounded(.down)), length - 1)
        let end = Int(min(high, Double(length)).rounded(.up))
        return first..<max(end, first + 1)
    }
}

/// What is drawn of an object.
public struct DrawnObject: Sendable {
    /// The box around it; nil where it has none.
    public var box: DrawnBox?
    /// Its pixels, `[height, width]` of the picture, not 0 inside; nil where they are not known.
    public var mask: [UInt8]?
    /// What it is called; nothing is written where it is empty.
    public var name: String
    /// The number of its class, which decides the colour.
    public var classNumber: Int
    /// How sure a detector is of it; nil where that is no question.
    public var score: Double?

    /// Describes an object.
    ///
    /// - Parameters:
    ///   - box: the box around it; nil where it has none.
    ///   - mask: its pixels, `[height, width]` of the picture, not 0 inside; nil where they are not known.
    ///   - name: what it is called; nothing is written where it is empty.
    ///   - classNumber: the number of its class, which decides the colour.
    ///   - score: how sure a detector is of it; nil where that is no question.
    public init(
        box: DrawnBox?, mask: [UInt8]? = nil, name: String, classNumber: Int, score: Double? = nil
    ) {
        self.box = box
        self.mask = mask
        self.name = name
        self.classNumber = classNumber
        self.score = score
    }
}
