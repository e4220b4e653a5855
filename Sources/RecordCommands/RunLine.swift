import Basics
import Foundation
import RecordStore
import RunRecords
import Terminal

/// A run as `--json` has it.
package struct RunLine: Encodable {
    let id: Int64
    let name: String
    let state: String
    let reason: String?
    let kind: String
    let recipe: String
    let method: String
    let seed: Int
    let epoch: Int
    let epochs: Int
    let step: Int
    let scoreName: String
    let score: Double?
    let imagesPerSecond: Double?
    let secondsLeft: Double?
    let folder: String
    let begun: String
    let updated: String

    init(_ run: RecordedRun) {
        id = run.id
        name = run.description.name
        state = run.state.rawValue
        reason = run.reason
        kind = run.description.kind
        recipe = run.description.recipe
        method = run.description.method
        seed = run.description.seed
        epoch = run.progress.epoch
        epochs = run.description.epochs
        step = run.progress.step
        scoreName = run.description.score
        score = run.progress.score
        imagesPerSecond = run.progress.imagesPerSecond
        secondsLeft = run.state == .running ? run.progress.secondsLeft : nil
        folder = run.description.folder
        begun = Self.text(run.begun)
        updated = Self.text(run.updated)
    }

    private static func text(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}

/// A group of seeds as `--json` has it.
package struct GroupLine: Encodable {
    let recipe: String
    let method: String
    let scoreName: String
    let seeds: [Int]
    let mean: Double
    let std: Double?
    let values: [Double]

    /// Nil where no run of the group is finished.
    init?(_ group: RunGroup) {
        guard let scores = group.scores else { return nil }
        recipe = group.recipe
        method = group.method
        scoreName = group.score
        seeds = group.runs.map(\.description.seed)
        mean = scores.mean
        std = scores.values.count > 1 ? scores.std : nil
        values = scores.values
    }

    /// Mean, deviation and number of seeds.
    var text: String {
        "\(recipe), \(method): \(scoreName) \(scoreText) (\(seeds.count) seed\(seeds.count == 1 ? "" : "s"))"
    }

    /// Mean and deviation.
    var scoreText: String {
        mean.formatted(places: 2) + (std.map { " ± " + $0.formatted(places: 2) } ?? "")
    }
}

/// Columns of text, each as wide as its widest cell.
///
/// - Parameter rows: the first one is the heading.
/// - Returns: the lines, without a last end of line.
func columns(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
        rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
        let cells = zip(row, widths).map { cell, width in
            cell + String(repeating: " ", count: width - cell.count)
        }.joined(separator: "  ")
        return String(cells.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
}
