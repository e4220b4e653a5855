import Basics
import RunRecords

/// What a finished run is told to have given.
package struct RunResult {
    private let history: [EpochRecord]
    private let folder: String
    private let tellsBestTest: Bool

    /// Takes a finished run.
    ///
    /// - Parameters:
    ///   - history: the records of its epochs.
    ///   - folder: its folder.
    ///   - tellsBestTest: whether the best epoch on the test set is told too.
    package init(_ history: [EpochRecord], in folder: String, tellsBestTest: Bool) {
        self.history = history
        self.folder = folder
        self.tellsBestTest = tellsBestTest
    }

    /// Lines for people; none where the test set was not looked at.
    package var lines: [String] {
        guard let last = history.last, let test = last.test else { return [] }
        let result = test["AP"] == nil ? accuracies(last, test) : precisions(last, test)
        return result + ["Weights: \(folder)/student-last.safetensors"]
    }

    private func precisions(_ last: EpochRecord, _ test: Scores) -> [String] {
        var lines = ["After the last epoch (\(last.epoch)): \(test.precisions)."]
        if let best = bestOnTest(by: "AP") {
            lines.append(Self.best(best.epoch, best.scores.precisions))
        }
        return lines
    }

    private func accuracies(_ last: EpochRecord, _ test: Scores) -> [String] {
        var lines = [
            "Test accuracy after the last epoch (\(last.epoch)): "
                + "\(test.percent("top1")) top-1, \(test.percent("top5")) top-5."
        ]
        if let top1 = test["ema_top1"] {
            lines.append(
                "With averaged weights: \(top1.formatted(places: 2)) % top-1; they are "
                    + "\(folder)/student-ema.safetensors.")
        }
        if let best = bestOnTest(by: "top1") {
            lines.append(Self.best(best.epoch, best.scores.percent("top1")))
        }
        if let byValidation = history.bestOnValidation(by: "top1"),
            let validated = byValidation.validation,
            let test = byValidation.test
        {
            lines.append(
                "Best validation epoch: \(byValidation.epoch) with "
                    + "\(validated.percent("top1")) there and "
                    + "\(test.percent("top1")) on the test set; its weights are "
                    + "student-best.safetensors.")
        }
        return lines
    }

    /// The first of the epochs with the best score, where it is to be told.
    private func bestOnTest(by name: String) -> (epoch: Int, scores: Scores)? {
        guard tellsBestTest else { return nil }
        let judged = history.compactMap { record in record.test.map { (record.epoch, $0) } }
        return judged.max { ($0.1[name] ?? 0) < ($1.1[name] ?? 0) }
    }

    private static func best(_ epoch: Int, _ score: String) -> String {
        "Best test epoch, chosen on the test set and for comparison only: \(epoch) with \(score)."
    }
}

extension SeedSummary {
    /// One sentence with the mean and the deviation of the first scores.
    package var text: String {
        let runs = "over \(seeds.count) seed(s): "
        if let top1 = scores["top1"] {
            return "Test accuracy \(runs)\(Self.range(top1, places: 2)) % top-1"
        }
        let parts = ["AP", "AP50", "mask_AP"].compactMap { name in
            scores[name].map { "\(name) \(Self.range($0, places: 4))" }
        }
        return "Test scores \(runs)\(parts.joined(separator: ", "))"
    }

    private static func range(_ score: Accuracies, places: Int) -> String {
        "\(score.mean.formatted(places: places)) ± \(score.std.formatted(places: places))"
    }
}
