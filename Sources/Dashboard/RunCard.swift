import Foundation
import RecordStore

/// What a page shows of a run.
struct RunCard: Encodable, Equatable {
    /// What does not change while it goes on.
    struct Fixed: Encodable, Equatable {
        let name: String
        let kind: String
        let recipe: String
        let method: String
        let seed: Int
        let group: String
        let epochs: Int
        let steps: Int?
        let scoreName: String
        let device: String?
        let processor: String?
        let begun: Double
    }

    let id: Int64

    /// Nil where a page has it already.
    var fixed: Fixed?

    let state: String
    let reason: String?
    let epoch: Int
    let step: Int
    let imagesPerSecond: Double?

    /// In seconds; nil of a run that does not go on.
    let left: Double?

    /// Scores of the test set: after the last epoch, of the best one, and of the one best on validation.
    let last: Double?
    let best: Double?
    let picked: Double?

    /// Whether its folder has a report.
    var report: Bool

    init(_ run: RecordedRun, _ scores: RunScores?, report: Bool) {
        let about = run.description
        id = run.id
        fixed = Fixed(
            name: about.name, kind: about.kind, recipe: about.recipe, method: about.method,
            seed: about.seed, group: String(about.seedGroup.prefix(16)), epochs: about.epochs,
            steps: about.steps, scoreName: about.score, device: about.device,
            processor: about.processor, begun: run.begun)
        state = run.state.rawValue
        reason = run.reason
        epoch = run.progress.epoch
        step = run.progress.step
        imagesPerSecond = run.progress.imagesPerSecond.map { rounded($0) }
        left = run.state == .running ? run.progress.secondsLeft.map { $0.rounded() } : nil
        last = scores?.last ?? run.progress.score
        best = scores?.best
        picked = scores?.onValidation
        self.report = report
    }
}

/// A number with five digits that count, which is more than a picture shows.
func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let scale = pow(10, 4 - log10(abs(value)).rounded(.down))
    // Where the scale itself is out of range the number stays as it is.
    return scale.isFinite && scale > 0 ? (value * scale).rounded() / scale : value
}
