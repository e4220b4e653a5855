import Foundation

/// A table in Markdown.
struct Table {
    private var lines: [String]

    init(_ header: [String]) {
        lines = [Self.line(header), Self.line(header.map { _ in "---" })]
    }

    mutating func append(_ row: [String]) { lines.append(Self.line(row)) }

    var text: String { lines.joined(separator: "\n") }

    private static func line(_ cells: [String]) -> String {
        "| " + cells.joined(separator: " | ") + " |"
    }
}

extension Spread {
    /// The median, and the smallest and largest value where there are several.
    func text(places: Int) -> String {
        let middle = median.text(places: places)
        guard count > 1 else { return middle }
        return "\(middle) [\(minimum.text(places: places))–\(maximum.text(places: places))]"
    }

    /// As many places as leave about four digits.
    var text: String { text(places: median < 1000 ? 1 : 0) }
}

extension Double {
    /// The number with a fixed count of decimal places.
    func text(places: Int) -> String { String(format: "%.\(places)f", self) }
}
