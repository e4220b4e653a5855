import Foundation

/// The stage matrix as a picture: which teacher stage helps which student stage.
public struct StageHeatMap: Sendable {
    /// Points above the student alone, by student stage, then teacher stage; nil where none is known.
    let leads: [[Double?]]

    private let title: String

    /// Takes the matrix out of a table.
    ///
    /// - Parameters:
    ///   - table: with rows `stages/I-J`.
    ///   - pair: whose.
    ///   - schedule: on which schedule.
    public init(_ table: StudyTable, pair: String, schedule: String) {
        var leads: [[Int]: Double] = [:]
        var size = [0, 0]
        for row in table.rows where row.pair == pair && row.schedule == schedule {
            guard row.method.hasPrefix("stages/") else { continue }
            let place = row.method.dropFirst(7).split(separator: "-").compactMap { Int($0) }
            guard place.count == 2 else { continue }
            size = zip(size, place).map(max)
            leads[place] = row.lead
        }
        self.leads = (0..<size[0]).map { student in
            (0..<size[1]).map { teacher in leads[[student + 1, teacher + 1]] }
        }
        title = "\(pair), \(schedule): points ahead of the student alone"
    }

    /// The picture.
    public var svg: String {
        let cell = 84.0
        let left = 130.0
        let top = 76.0
        let width = left + cell * Double(leads.first?.count ?? 0) + 24
        let height = top + cell * Double(leads.count) + 24
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" "
                + "width=\"\(width)\" height=\"\(height)\" font-family=\"sans-serif\">",
            "<rect width=\"\(width)\" height=\"\(height)\" fill=\"white\"/>",
            Self.text(title, x: 16, y: 24, size: 13, anchor: "start"),
        ]
        for column in (leads.first ?? []).indices {
            let x = left + cell * (Double(column) + 0.5)
            parts.append(Self.text("teacher \(column + 1)", x: x, y: top - 12, size: 12))
        }
        let largest = leads.joined().compactMap { $0.map(abs) }.max() ?? 1
        for (row, values) in leads.enumerated() {
            let y = top + cell * Double(row)
            parts.append(
                Self.text(
                    "student \(row + 1)", x: left - 12, y: y + cell / 2 + 4, size: 12,
                    anchor: "end"))
            for (column, lead) in values.enumerated() {
                let x = left + cell * Double(column)
                parts.append(
                    "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(cell - 2)\" height=\"\(cell - 2)\" "
                        + "fill=\"\(Self.color(lead, largest))\"/>")
                let label = lead.map { String(format: "%+.2f", $0) } ?? "–"
                parts.append(
                    Self.text(label, x: x + cell / 2 - 1, y: y + cell / 2 + 4, size: 14))
            }
        }
        return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
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
