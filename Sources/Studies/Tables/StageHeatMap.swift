import Basics
import Foundation
import Recipes

/// The stage matrix as a picture: which teacher stage helps which student stage.
public struct StageHeatMap: Sendable {
    /// How far a cell's student is ahead of the student alone.
    struct Lead: Equatable {
        /// In points.
        let points: Double

        /// Whether chance may explain it.
        let isWithinNoise: Bool
    }

    /// By student stage, then teacher stage; nil where none is known.
    let leads: [[Lead?]]

    private let title: String

    /// Takes the matrix out of a table.
    ///
    /// - Parameters:
    ///   - table: with rows `stages/I-J`.
    ///   - pair: whose.
    ///   - schedule: on which schedule.
    public init(_ table: StudyTable, pair: ModelPair, schedule: String) {
        let rows = table.rows.filter { $0.pair == pair.name && $0.schedule == schedule }
        leads = (1...pair.student.levelCount).map { student in
            (1...pair.teacher.levelCount).map { teacher in
                let row = rows.first { $0.method == "stages/\(student)-\(teacher)" }
                return row.flatMap { row in
                    row.lead.map { Lead(points: $0, isWithinNoise: row.isWithinNoise) }
                }
            }
        }
        let name = schedule.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        title = "\(pair.name), \(name): points ahead of the student alone"
    }

    /// Writes the picture.
    ///
    /// - Parameter path: the file; overwritten where it exists.
    /// - Throws: `FileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Data(svg.utf8), to: path)
    }

    /// The picture.
    public var svg: String {
        let cell = 84.0
        let left = 130.0
        let top = 76.0
        let width = left + cell * Double(leads.first?.count ?? 0) + 24
        let height = top + cell * Double(leads.count) + 40
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" "
                + "width=\"\(width)\" height=\"\(height)\" font-family=\"sans-serif\">",
            "<rect width=\"\(width)\" height=\"\(height)\" fill=\"white\"/>",
            Self.text(title, x: 16, y: 24, size: 13, anchor: "start"),
        ]
        for (column, stage) in Self.names(leads.first?.count ?? 0).enumerated() {
            let x = left + cell * (Double(column) + 0.5)
            parts.append(Self.text("teacher \(stage)", x: x, y: top - 12, size: 12))
        }
        let rows = Self.names(leads.count)
        let largest = leads.joined().compactMap { $0.map { abs($0.points) } }.max() ?? 1
        for (row, values) in leads.enumerated() {
            let y = top + cell * Double(row)
            parts.append(
                Self.text(
                    "student \(rows[row])", x: left - 12, y: y + cell / 2 + 4, size: 12,
                    anchor: "end"))
            for (column, lead) in values.enumerated() {
                let x = left + cell * Double(column)
                parts.append(
                    "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(cell - 2)\" height=\"\(cell - 2)\" "
                        + "fill=\"\(Self.color(lead?.points, largest))\"/>")
                let label = lead.map { String(format: "%+.2f", $0.points) } ?? "–"
                parts.append(
                    Self.text(
                        lead?.isWithinNoise == true ? "(\(label))" : label,
                        x: x + cell / 2 - 1, y: y + cell / 2 + 4, size: 14))
            }
        }
        parts.append(
            Self.text(
                "in brackets: within what chance explains, or nothing to judge by", x: 16,
                y: height - 14, size: 11,
                anchor: "start"))
        return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    /// The stages' names: numbers, but the last is the pooled features.
    private static func names(_ count: Int) -> [String] {
        (0..<count).map { $0 == count - 1 ? "pooled" : "\($0 + 1)" }
    }

    /// Blue where it helps, orange where it harms, as strong as the lead is large.
    private static func color(_ lead: Double?, _ largest: Double) -> String {
        guard let lead else { return "#f1f3f5" }
        let strength = largest > 0 ? abs(lead) / largest : 0
        let hue = lead >= 0 ? [24.0, 100, 171] : [217.0, 72, 15]
        // Never so dark that the number could not be read.
        let mixed = hue.map { Int((255 + ($0 - 255) * strength * 0.6).rounded()) }
        return "rgb(\(mixed[0]),\(mixed[1]),\(mixed[2]))"
    }

    private static func text(
        _ text: String, x: Double, y: Double, size: Int, anchor: String = "middle"
    ) -> String {
        "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(size)\" text-anchor=\"\(anchor)\" "
            + "fill=\"#212529\">\(text)</text>"
    }
}
