/// The chart of a kind of processor: bars for the steps, lines for the batch sizes.
public struct SpeedChart {
    private let plan: Plan
    private let results: Results
    private let batchResults: Results

    /// Makes the chart of some results, each part of the revision that has most of it.
    public init(plan: Plan, results: Results) {
        self.plan = plan
        self.results = results.fullest(of: .pairs, in: plan)
        batchResults = results.fullest(of: .batches, in: plan)
    }

    /// The file, or nothing where neither part has a measurement of ours.
    public var svg: String? {
        let parts = [bars, lines].compactMap { $0 }
        guard !parts.isEmpty else { return nil }
        let elements = parts.enumerated().flatMap { index, part in
            part(Double(index) * Panel.height)
        }
        return SVG.document(
            width: Panel.width, height: Panel.height * Double(parts.count), elements)
    }

    /// One program's time in a group, as a multiple of the reference.
    private struct Bar {
        let program: Program
        let spread: Spread
    }

    private func bars(of group: [Setting]) -> [Bar] {
        group.compactMap { setting in
            results.milliseconds(setting).map { Bar(program: setting.program, spread: $0) }
        }
    }

    /// Bars as multiples of our median, because the works differ by a factor of two hundred.
    private var bars: ((Double) -> [String])? {
        let groups = plan.groups(of: .pairs).compactMap { group in
            results.milliseconds(group[0]).map { (group[0], $0.median, bars(of: group)) }
        }
        let largest = groups.flatMap { _, ours, bars in bars.map { $0.spread.maximum / ours } }
        guard let largest = largest.max() else { return nil }
        return { top in
            let panel = Panel(
                title: "Time per step, batch \(plan.batchSize)",
                axis: "times as long as reviewkd; above each bar its milliseconds", top: top,
                largest: largest)
            let width = (Panel.right - Panel.left) / Double(groups.count)
            return panel.frame + panel.legend
                + groups.enumerated().flatMap { index, group in
                    let left = Panel.left + width * Double(index)
                    return draw(group.2, over: group.1, left: left, width: width, in: panel)
                        + captions(group.0, x: left + width / 2, y: panel.ground)
                }
        }
    }

    private func draw(
        _ bars: [Bar], over ours: Double, left: Double, width: Double, in panel: Panel
    ) -> [String] {
        let step = width * 0.86 / Double(Program.allCases.count)
        return bars.enumerated().flatMap { index, bar in
            let x = left + width * 0.07 + step * Double(index)
            let top = panel.y(bar.spread.median / ours)
            let middle = x + step / 2
            let upper = panel.y(bar.spread.maximum / ours)
            return [
                SVG.rectangle(
                    x: x + 2, y: top, width: step - 4, height: panel.ground - top,
                    fill: bar.program.color),
                SVG.line(
                    from: (middle, upper), to: (middle, panel.y(bar.spread.minimum / ours)),
                    color: "#212529"),
                SVG.text(
                    bar.spread.median.text(places: bar.spread.median < 100 ? 1 : 0), x: middle,
                    y: upper - 4, size: 10),
            ]
        }
    }

    private func captions(_ setting: Setting, x: Double, y: Double) -> [String] {
        [
            SVG.text(setting.work.rawValue, x: x, y: y + 18),
            SVG.text(setting.pair.title, x: x, y: y + 34, size: 10),
        ]
    }

    /// Cost per image: flat where a step's cost is its arithmetic's.
    private var lines: ((Double) -> [String])? {
        let groups = plan.groups(of: .batches)
        let curves = Program.allCases.indices.map { program in
            groups.enumerated().compactMap { index, group in
                batchResults.milliseconds(group[program]).map {
                    (index: index, value: $0.median / Double(group[program].batchSize))
                }
            }
        }
        let largest = curves.joined().map(\.value).max()
        guard !curves[0].isEmpty, let largest else { return nil }
        return { top in
            let panel = Panel(
                title: "Cost and batch: distillation, \(Pair.small.title)",
                axis: "milliseconds per image, over images per step", top: top, largest: largest)
            let width = (Panel.right - Panel.left) / Double(groups.count)
            let x = { (index: Int) in Panel.left + width * (Double(index) + 0.5) }
            let drawn = zip(Program.allCases, curves).flatMap { program, curve in
                let points = curve.map { (x: x($0.index), y: panel.y($0.value)) }
                return [SVG.polyline(points, color: program.color)]
                    + points.map { SVG.circle($0, color: program.color) }
            }
            let names = groups.enumerated().map { index, group in
                SVG.text("\(group[0].batchSize)", x: x(index), y: panel.ground + 18)
            }
            return panel.frame + panel.legend + drawn + names
        }
    }
}
