import ArgumentParser
import CommandOptions
import RecordStore
import Recording
import RunRecords
import Terminal

/// `reviewkd runs index`.
struct RunsIndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Make the records anew from the folders of runs, which are the truth.")

    @Argument(help: "The folder that holds the runs' folders, at any depth.")
    var folder: String

    @Option(help: "The file of run records (default: runs.sqlite in the folder).")
    var records: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Report: Encodable {
        struct Unreadable: Encodable {
            let folder: String
            let reason: String
        }
        let records: String
        let runs: Int
        let unreadable: [Unreadable]
    }

    func run() throws {
        let path = RecordsOption.file(records ?? folder + "/" + recordsFileName)
        let store = try RecordStore(path: path, access: .write)
        let outcome = try RunIndex(store, root: folder).index(folder)
        for (folder, reason) in outcome.unreadable {
            printError("warning: \(folder) is left out: \(reason)")
        }
        let report = Report(
            records: path, runs: outcome.runs,
            unreadable: outcome.unreadable.map { .init(folder: $0.folder, reason: $0.reason) })
        guard !json else { return try printJSON(report) }
        print("\(path): \(outcome.runs) run\(outcome.runs == 1 ? "" : "s")")
    }
}
