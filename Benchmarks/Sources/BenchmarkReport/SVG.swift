/// The little of SVG that the chart needs.
enum SVG {
    enum Anchor: String {
        case start, middle, end
    }

    static func rectangle(
        x: Double, y: Double, width: Double, height: Double, fill: String
    ) -> String {
        "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" "
            + "fill=\"\(fill)\"/>"
    }

    static func line(
        from start: (x: Double, y: Double), to end: (x: Double, y: Double), color: String,
        width: Double = 1
    ) -> String {
        "<line x1=\"\(n(start.x))\" y1=\"\(n(start.y))\" x2=\"\(n(end.x))\" y2=\"\(n(end.y))\" "
            + "stroke=\"\(color)\" stroke-width=\"\(n(width))\"/>"
    }

    static func polyline(_ points: [(x: Double, y: Double)], color: String) -> String {
        let list = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
        return "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"/>"
    }

    static func circle(_ center: (x: Double, y: Double), color: String) -> String {
        "<circle cx=\"\(n(center.x))\" cy=\"\(n(center.y))\" r=\"3.5\" fill=\"\(color)\"/>"
    }

    static func text(
        _ text: String, x: Double, y: Double, anchor: Anchor = .middle, size: Double = 12,
        weight: String = "normal"
    ) -> String {
        "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor.rawValue)\" "
            + "font-size=\"\(n(size))\" font-weight=\"\(weight)\">\(escaped(text))</text>"
    }

    /// A whole file, on white so that it reads on a dark page as well.
    static func document(width: Double, height: Double, _ elements: [String]) -> String {
        let head =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(n(width)) \(n(height))\" "
            + "width=\"\(n(width))\" height=\"\(n(height))\" font-family=\"sans-serif\">"
        let ground = rectangle(x: 0, y: 0, width: width, height: height, fill: "white")
        return ([head, ground] + elements + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private static func n(_ value: Double) -> String {
        value == value.rounded() ? value.text(places: 0) : value.text(places: 1)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
    }
}

extension Program {
    /// The colour in charts.
    var color: String {
        switch self {
        case .ours: "#d9480f"
        case .compile: "#1971c2"
        case .plain: "#868e96"
        }
    }
}
