/// The scores of a run on the test set: last, best, and of the epoch that was best on validation.
public struct RunScores: Sendable, Equatable {
    /// After the last epoch.
    public let last: Double?

    /// Of the best epoch, which is chosen on the test set.
    public let best: Double?

    /// After the epoch that was best on the images held out for validation.
    public let onValidation: Double?

    /// Reads them from a run's curves.
    ///
    /// - Parameters:
    ///   - series: all of the run.
    ///   - name: the score that counts.
    public init(_ series: [RunSeries], named name: String) {
        let test = series.first { $0.name == "test/\(name)" }
        let validation = series.first { $0.name == "validation/\(name)" }
        let values = test?.values ?? []
        last = values.last ?? nil
        best = values.compactMap(\.self).max()
        var chosen: (step: Int, value: Double)?
        for (step, value) in zip(validation?.steps ?? [], validation?.values ?? []) {
            // Of equal epochs the first is kept, as its weights are.
            if let value, value > chosen?.value ?? -.infinity { chosen = (step, value) }
        }
        let place = chosen.flatMap { chosen in test?.steps.firstIndex(of: chosen.step) }
        onValidation = place.flatMap { values[$0] }
    }
}
