import ArgumentParser
import Basics
import RecordStore
import Terminal

/// `reviewkd runs list`.
struct RunsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the recorded runs, the newest first.")

    @OptionGroup var records: RecordsOption

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Report: Encodable {
        let runs: [RunLine]
        let groups: [GroupLine]
    }

    func run() throws {
        let runs = try records.open().runs()
        let groups = RunGroup.all(of: runs).compactMap(GroupLine.init)
        guard !json else {
            return try printJSON(Report(runs: runs.map(RunLine.init), groups: groups))
        }
        guard !runs.isEmpty else { return print("No run is recorded in \(records.path).") }
        let heading = ["id", "state", "epoch", "score", "left", "method", "seed", "recipe", "run"]
        print(columns([heading] + runs.map(Self.row)))
        let repeated = groups.filter { $0.seeds.count > 1 }
        if !repeated.isEmpty { print("") }
        for group in repeated { print(group.text) }
    }

    private static func row(_ run: RecordedRun) -> [String] {
        let left = run.state == .running ? run.progress.secondsLeft : nil
        return [
            "\(run.id)", run.state.rawValue, "\(run.progress.epoch)/\(run.description.epochs)",
            run.progress.score?.formatted(places: 2) ?? "–", left.map(duration) ?? "–",
            run.description.method, "\(run.description.seed)", run.description.recipe,
            run.description.name,
        ]
    }
}
