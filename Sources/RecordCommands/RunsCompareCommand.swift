import ArgumentParser
import Basics
import RecordStore
import Terminal

/// `reviewkd runs compare`.
struct RunsCompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare runs: their scores, and what differs between their recipes.")

    @Argument(help: "Numbers, names or folders of at least two runs.")
    var runs: [String]

    @OptionGroup var records: RecordsOption

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Report: Encodable {
        let runs: [Line]
        let differences: [Difference]
        let groups: [GroupLine]
    }

    private struct Line: Encodable {
        let id: Int64
        let name: String
        let state: String
        let scoreName: String
        let last: Double?
        let best: Double?
        let onValidation: Double?
    }

    private struct Difference: Encodable {
        let key: String
        let values: [String?]
    }

    func validate() throws {
        guard runs.count > 1 else {
            throw ValidationError(
                "\(runs.count) run is named, expected at least two; `reviewkd runs show` shows one")
        }
    }

    func run() throws {
        let store = try records.open()
        let chosen = try runs.map { try store.run(named: $0) }
        let lines = try chosen.map { run in
            let scores = try store.scores(of: run.id, named: run.description.score)
            return Line(
                id: run.id, name: run.description.name, state: run.state.rawValue,
                scoreName: run.description.score, last: scores.last, best: scores.best,
                onValidation: scores.onValidation)
        }
        let differences = try store.differences(between: chosen.map(\.id))
            .map { Difference(key: $0.key, values: $0.values) }
        let groups = RunGroup.all(of: chosen).compactMap(GroupLine.init)
        guard !json else {
            return try printJSON(Report(runs: lines, differences: differences, groups: groups))
        }
        func text(_ value: Double?) -> String { value?.formatted(places: 2) ?? "–" }
        print(
            columns(
                [["id", "state", "last", "best test", "best on validation", "run"]]
                    + lines.map {
                        [
                            "\($0.id)", $0.state, text($0.last), text($0.best),
                            text($0.onValidation), $0.name,
                        ]
                    }))
        for group in groups where group.seeds.count > 1 { print(group.text) }
        guard !differences.isEmpty else { return print("\nThe recipes are the same.") }
        print("")
        print(
            columns(
                [["key"] + chosen.map { "\($0.id)" }]
                    + differences.map { [$0.key] + $0.values.map { $0 ?? "–" } }))
    }
}
