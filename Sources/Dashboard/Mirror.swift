import Foundation
import RecordStore

/// The records in memory, as pages show them.
struct Mirror {
    private(set) var marks = RecordMarks.none
    private(set) var cards: [Int64: RunCard] = [:]
    private var runs: [Int64: RecordedRun] = [:]
    private var scores: [Int64: RunScores] = [:]
    private var curves: [Int64: Curve] = [:]

    /// Takes in what was written since the last time, or a part of it.
    ///
    /// - Parameters:
    ///   - store: the records.
    ///   - limit: how many points at most.
    /// - Returns: what pages are told, and whether there is more.
    /// - Throws: `RecordError`.
    mutating func follow(
        _ store: RecordStore, limit: Int
    ) throws(RecordError) -> (update: Update, hasMore: Bool) {
        let changes = try store.changes(after: marks, known: Set(runs.keys), limit: limit)
        var update = Update()
        update.gone = runs.keys.filter { !changes.numbers.contains($0) }.sorted()
        for id in update.gone {
            runs[id] = nil
            cards[id] = nil
            scores[id] = nil
        }
        // A number of a curve is used again once its run is removed.
        if !update.gone.isEmpty { curves = curves.filter { runs[$0.value.run] != nil } }
        for run in changes.runs { runs[run.id] = run }
        var scored = Set(changes.runs.filter { cards[$0.id] == nil }.map(\.id))
        update.points = try add(changes, from: store)
        for points in update.points
        where points.name.hasPrefix("test/")
            || points.name.hasPrefix("validation/")
        {
            scored.insert(points.run)
        }
        let touched = scored.union(changes.runs.map(\.id)).sorted()
        for id in touched {
            if let run = runs[id] {
                let card = try self.card(of: run, isScored: scored.contains(id), store)
                update.cards += replace(card)
            }
        }
        marks = changes.marks
        return (update, changes.hasMore)
    }

    /// Looks at what changes without a write: whether a run's process lives, and whether a report is there.
    ///
    /// - Throws: `RecordError`.
    mutating func look(_ store: RecordStore) throws(RecordError) -> Update {
        var update = Update()
        for (id, run) in runs.sorted(by: { $0.key < $1.key }) {
            var run = run
            if run.state == .running, let now = try store.run(id) { run = now }
            runs[id] = run
            update.cards += replace(try card(of: run, isScored: false, store))
        }
        return update
    }

    /// All of it, for a page that knows nothing.
    var whole: Update {
        var update = Update()
        update.cards = cards.values.sorted { $0.id < $1.id }
        let inOrder = curves.values.sorted { ($0.run, $0.name) < ($1.run, $1.name) }
        update.points = inOrder.map { Self.whole($0.thinned) }
        return update
    }

    /// The folder of a run.
    func folder(of id: Int64) -> String? { runs[id]?.description.folder }

    /// What a page has to be told of a run; nothing where it knows.
    private mutating func replace(_ card: RunCard) -> [RunCard] {
        let known = cards.updateValue(card, forKey: card.id)
        guard known != card else { return [] }
        var told = card
        if known?.fixed == card.fixed { told.fixed = nil }
        return [told]
    }

    private mutating func card(
        of run: RecordedRun, isScored: Bool, _ store: RecordStore
    ) throws(RecordError) -> RunCard {
        if isScored || scores[run.id] == nil {
            scores[run.id] = try store.scores(of: run.id, named: run.description.score)
        }
        return RunCard(
            run, scores[run.id], report: RunFolder.hasReport(run.description.folder))
    }

    private mutating func add(
        _ changes: RecordChanges, from store: RecordStore
    ) throws(RecordError) -> [Update.Points] {
        var fresh: [Int64: Update.Points] = [:]
        var rewritten: Set<Int64> = []
        for point in changes.points {
            guard let key = changes.series[point.series], runs[key.run] != nil else { continue }
            let number = point.series
            if !curves[number, default: Curve(run: key.run, name: key.name)]
                .append(point.step, point.value)
            {
                rewritten.insert(number)
            }
            fresh[
                number,
                default: .init(run: key.run, name: key.name, isWhole: false, steps: [], values: [])
            ].append(point)
        }
        for number in rewritten {
            fresh[number] = nil
            guard let old = curves[number] else { continue }
            var curve = Curve(run: old.run, name: old.name)
            for point in try store.points(ofSeries: number) {
                _ = curve.append(point.step, point.value)
            }
            curves[number] = curve
            // A finished run writes its epochs once more, the same as they were.
            if !curve.isSame(as: old) { fresh[number] = Self.whole(curve.thinned) }
        }
        return fresh.values.sorted { ($0.run, $0.name) < ($1.run, $1.name) }
    }

    private static func whole(_ curve: Curve) -> Update.Points {
        .init(
            run: curve.run, name: curve.name, isWhole: true, steps: curve.steps,
            values: curve.values)
    }
}

extension Update.Points {
    fileprivate mutating func append(_ point: RecordedPoint) {
        steps.append(point.step)
        values.append(point.value ?? .nan)
    }
}
