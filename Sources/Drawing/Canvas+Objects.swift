extension Canvas {
    /// Draws objects: masks below boxes, and names above both, the surest objects uppermost.
    ///
    /// - Parameters:
    ///   - objects: the objects.
    ///   - scale: the size of what is drawn, 1 for lines of two pixels; by the picture's size where it is nil.
    /// - Precondition: each mask has as many pixels as the picture.
    public mutating func draw(_ objects: [DrawnObject], scale: Int? = nil) {
        let scale = scale ?? max(1, (min(width, height) + 200) / 300)
        let scores = objects.map { $0.score.flatMap { $0.isNaN ? nil : $0 } ?? -.infinity }
        let order = objects.indices.sorted {
            scores[$0] == scores[$1] ? $0 > $1 : scores[$0] < scores[$1]
        }.map { objects[$0] }
        for object in order {
            if let mask = object.mask { tint(mask, Color(ofClass: object.classNumber)) }
        }
        let places = order.map(place)
        for case (let object, let place?) in zip(order, places) where object.box != nil {
            frame(
                place.columns, place.rows, thickness: 2 * scale,
                Color(ofClass: object.classNumber))
        }
        for case (let object, let place?) in zip(order, places) where !object.name.isEmpty {
            label(object, at: place, scale)
        }
    }

    /// The pixels of an object's box, or else those around its mask.
    private func place(of object: DrawnObject) -> (columns: Range<Int>, rows: Range<Int>)? {
        if let box = object.box { return box.pixels(width: width, height: height) }
        guard let mask = object.mask else { return nil }
        var (columns, rows) = (width..<width, height..<height)
        for (pixel, isInside) in mask.enumerated() where isInside != 0 {
            let (row, column) = pixel.quotientAndRemainder(dividingBy: width)
            let (left, right) = (
                min(columns.lowerBound, column), max(columns.upperBound, column + 1)
            )
            columns = left..<(columns.isEmpty ? column + 1 : right)
            rows = min(rows.lowerBound, row)..<(row + 1)
        }
        return rows.isEmpty ? nil : (columns, rows)
    }

    /// Writes an object's name and score above its box, or inside where there is no room above.
    private mutating func label(
        _ object: DrawnObject, at place: (columns: Range<Int>, rows: Range<Int>), _ scale: Int
    ) {
        let text = object.name + (object.score.map { " " + Self.text(of: $0) } ?? "")
        let size = (
            width: (Font.width(of: text) + 2) * scale, height: (Glyphs.rows + 2) * scale
        )
        let left = max(0, min(place.columns.lowerBound, width - size.width))
        let above = place.rows.lowerBound - size.height
        let top = above >= 0 ? above : max(0, min(place.rows.lowerBound, height - size.height))
        let color = Color(ofClass: object.classNumber)
        fill(left..<(left + size.width), top..<(top + size.height), color)
        write(text, left: left + scale, top: top + scale, scale: scale, color.ink)
    }

    /// A score with two digits behind the point.
    private static func text(of score: Double) -> String {
        guard score.isFinite, abs(score) < 1e6 else { return "\(score)" }
        let hundredths = Int((abs(score) * 100).rounded())
        let digits = "\(hundredths % 100 / 10)\(hundredths % 10)"
        return (score < 0 && hundredths > 0 ? "-" : "") + "\(hundredths / 100).\(digits)"
    }
}
