/// A run's line of progress, which fits whatever width a terminal has.
///
/// The time left is the last thing to go, after the place in the run. First the bar shrinks, then the loss
/// terms go from the last one on, then the accuracy, the speed, the bar and the run's name.
package struct ProgressLine {
    /// What the run is called, where there are several.
    package var run: String?

    /// The place in the run, as `epoch 3/240`.
    package var place: String

    /// The share of the epoch that is done, from 0 to 1.
    package var share: Double

    /// The loss terms.
    package var terms: [String]

    /// The accuracy.
    package var accuracy: String

    /// The speed.
    package var speed: String

    /// The time left.
    package var left: String

    /// Gathers the parts.
    package init(
        run: String?, place: String, share: Double, terms: [String], accuracy: String,
        speed: String,
        left: String
    ) {
        self.run = run
        self.place = place
        self.share = share
        self.terms = terms
        self.accuracy = accuracy
        self.speed = speed
        self.left = left
    }

    private static let widestBar = 20
    private static let narrowestBar = 5

    /// The line.
    ///
    /// - Parameters:
    ///   - columns: how wide it may be.
    ///   - paint: puts the bar into a colour.
    /// - Returns: a text of at most that many columns, colours aside.
    package func text(columns: Int, paint: (String) -> String = { $0 }) -> String {
        let start = (run.map { [$0] } ?? []) + [place]
        let ends =
            (0...terms.count).reversed().map { terms.prefix($0) + [accuracy, speed, left] }
            + [[speed, left], [left]]
        for end in ends {
            let (first, last) = (Self.joined(start), Self.joined(Array(end)))
            let room = columns - first.columns - last.columns - 2
            guard room >= Self.narrowestBar else { continue }
            return "\(first) \(paint(bar(width: min(room, Self.widestBar)))) \(last)"
        }
        let plain = Self.joined([place, left])
        guard plain.columns <= columns else { return left.cut(toColumns: columns) }
        let room = columns - plain.columns - 2
        guard let run, room >= Self.narrowestBar else { return plain }
        return Self.joined([run.cut(toColumns: room), plain])
    }

    private func bar(width: Int) -> String {
        let done = Int(Double(width) * min(max(share, 0), 1))
        return String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
    }

    private static func joined(_ parts: [String]) -> String { parts.joined(separator: "  ") }
}
