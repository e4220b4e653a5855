/// A part of the chart with a heading and a vertical axis that begins at zero.
struct Panel {
    let title: String
    let axis: String
    let top: Double
    let largest: Double

    static let width = 960.0
    static let height = 330.0
    static let left = 70.0
    static let right = 940.0
    private static let plotHeight = 220.0

    private var tick: Double { Self.tick(for: largest) }

    /// The value at the upper end of the axis.
    private var end: Double { max((largest / tick).rounded(.up), 1) * tick }

    /// The line of zero.
    var ground: Double { top + 50 + Self.plotHeight }

    /// Where a value lies.
    func y(_ value: Double) -> Double { ground - Self.plotHeight * value / end }

    /// Heading, axis and lines across.
    var frame: [String] {
        let heading = SVG.text(
            title, x: Self.left, y: top + 20, anchor: .start, size: 15, weight: "bold")
        let label = SVG.text(axis, x: Self.left, y: top + 38, anchor: .start, size: 11)
        let lines = (0...Int((end / tick).rounded())).flatMap { index in
            let value = Double(index) * tick
            return [
                SVG.line(
                    from: (Self.left, y(value)), to: (Self.right, y(value)),
                    color: index == 0 ? "#495057" : "#dee2e6"),
                SVG.text(
                    value.text(places: tick < 1 ? (tick < 0.1 ? 2 : 1) : 0), x: Self.left - 8,
                    y: y(value) + 4, anchor: .end, size: 11),
            ]
        }
        return [heading, label] + lines
    }

    /// Names and colours of the programs, at the right of the heading.
    var legend: [String] {
        Program.allCases.enumerated().flatMap { index, program in
            let x = Self.right - 360 + Double(index) * 125
            return [
                SVG.rectangle(x: x, y: top + 10, width: 12, height: 12, fill: program.color),
                SVG.text(program.title, x: x + 17, y: top + 20, anchor: .start),
            ]
        }
    }

    /// 1, 2 or 5 times a power of ten, so that an axis to `largest` has three to eight lines.
    static func tick(for largest: Double) -> Double {
        guard largest > 0 else { return 1 }
        var tick = 1e-3
        while true {
            for factor in [1.0, 2, 5] where tick * factor * 7 >= largest { return tick * factor }
            tick *= 10
        }
    }
}
