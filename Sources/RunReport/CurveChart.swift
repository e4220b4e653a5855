import Basics
import Foundation

/// Curves over epochs as a picture in SVG.
struct CurveChart {
    /// One curve.
    struct Curve {
        let name: String
        let points: [(x: Double, y: Double)]
    }

    let title: String
    let unit: String
    let curves: [Curve]

    /// Okabe and Ito's colours, which people with any colour vision tell apart.
    static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]

    private static let width = 560.0
    private static let height = 240.0
    private static let margins = (left: 52.0, right: 12.0, top: 10.0, bottom: 34.0)

    /// The picture, and the same numbers in words for those who do not see it.
    var html: HTML? {
        let points = curves.flatMap(\.points).filter(\.y.isFinite)
        guard let least = points.map(\.y).min(), let most = points.map(\.y).max(),
            let last = points.map(\.x).max()
        else { return nil }
        let first = min(points.map(\.x).min() ?? 0, last - 1)
        let ticks = Self.ticks(least, most)
        let (low, high) = (min(ticks.first ?? least, least), max(ticks.last ?? most, most))
        let plot = (
            width: Self.width - Self.margins.left - Self.margins.right,
            height: Self.height - Self.margins.top - Self.margins.bottom
        )
        func x(_ value: Double) -> Double {
            Self.margins.left + (value - first) / (last - first) * plot.width
        }
        func y(_ value: Double) -> Double {
            Self.margins.top + (high - value) / max(high - low, 1e-12) * plot.height
        }
        let lines = ticks.map { tick -> HTML in
            """
            <line x1="\(Self.margins.left)" x2="\(Self.width - Self.margins.right)" y1="\(y(tick))" y2="\(y(tick))" class="grid"/>
            <text x="\(Self.margins.left - 6)" y="\(y(tick) + 4)" class="left">\(Self.label(tick))</text>
            """
        }
        let epochs = Self.ticks(first, last).filter { tick in
            tick.rounded() == tick && (first...last).contains(tick)
        }.map { tick -> HTML in
            "<text x=\"\(x(tick))\" y=\"\(Self.height - 16)\" class=\"below\">\(Int(tick))</text>"
        }
        let paths = zip(curves, 0...).map { curve, index -> HTML in
            let color = Self.colors[index % Self.colors.count]
            let places = curve.points.filter(\.y.isFinite).map {
                "\(Self.rounded(x($0.x))),\(Self.rounded(y($0.y)))"
            }
            guard places.count > 1 else {
                let place = (places.first ?? "0,0").split(separator: ",")
                return "<circle cx=\"\(place[0])\" cy=\"\(place[1])\" r=\"3\" fill=\"\(color)\"/>"
            }
            return """
                <polyline points="\(places.joined(separator: " "))" stroke="\(color)" class="curve"/>
                """
        }
        let names = zip(curves, 0...).map { curve, index -> HTML in
            let color = Self.colors[index % Self.colors.count]
            let end = curve.points.last.map { " (\(Self.label($0.y)) \(unit) at the end)" } ?? ""
            return """
                <li><span class="swatch" style="background:\(color)"></span>\(curve.name)\(end)</li>
                """
        }
        return """
            <figure><figcaption>\(title), \(unit)</figcaption>
            <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(title) over epochs">
            \(HTML(lines))
            \(HTML(epochs))
            <text x="\(Self.margins.left + plot.width / 2)" y="\(Self.height - 2)" class="below">epoch</text>
            \(HTML(paths))
            </svg><ul class="legend">\(HTML(names))</ul></figure>
            """
    }

    /// About five round numbers from one below the least to one above the largest.
    static func ticks(_ least: Double, _ most: Double) -> [Double] {
        // A flat curve lies in the middle of a tenth of its height.
        let isFlat = most - least <= abs(most) * 1e-6
        let margin = isFlat ? max(abs(most) / 20, 1e-6) : 0
        let (least, most) = (least - margin, most + margin)
        let rough = (most - least) / 4
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        let first = floor(least / step) * step
        return (0...6).map { first + Double($0) * step }.filter { $0 < most + step }
    }

    private static func label(_ value: Double) -> String {
        let places =
            value == 0 || abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 0.1 ? 2 : 4
        return value.formatted(places: places)
    }

    private static func rounded(_ value: Double) -> String { value.formatted(places: 1) }
}
