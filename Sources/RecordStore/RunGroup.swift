import RunRecords

/// Runs of one recipe that differ in their seed alone.
public struct RunGroup: Sendable {
    /// The recipe's name.
    public let recipe: String

    /// The method's name.
    public let method: String

    /// The name of the score that counts.
    public let score: String

    /// The runs that are finished, in order of their seeds.
    public let runs: [RecordedRun]

    /// The scores of the last epochs, one a seed; nil where no run is finished.
    public var scores: Accuracies? {
        let values = runs.compactMap(\.progress.score)
        return values.isEmpty ? nil : Accuracies(values)
    }

    /// Groups runs.
    ///
    /// - Parameter runs: any.
    /// - Returns: the groups in the order in which their first runs come; of a seed that was run twice the
    ///   run that comes first counts.
    public static func all(of runs: [RecordedRun]) -> [RunGroup] {
        var order: [String] = []
        var members: [String: [RecordedRun]] = [:]
        for run in runs {
            let key = run.description.seedGroup
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(run)
        }
        return order.compactMap { key in
            guard let own = members[key], let first = own.first else { return nil }
            var seeds: Set<Int> = []
            let finished = own.filter {
                $0.state == .finished && $0.progress.score != nil
                    && seeds.insert($0.description.seed).inserted
            }
            return RunGroup(
                recipe: first.description.recipe, method: first.description.method,
                score: first.description.score,
                runs: finished.sorted { $0.description.seed < $1.description.seed })
        }
    }
}
