import ArgumentParser
import Basics
import CommandOptions
import Foundation
import RecordStore
import Recording
import Studies
import Terminal

/// `reviewkd runs export`.
struct RunsExportCommand: ParsableCommand {
    /// What can be written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// A line a run, with commas.
        case csv
        /// A table of the groups of seeds.
        case latex
        /// A JSON object a run, with all its numbers.
        case jsonl
        /// The table of a study, as `reproduce --json` prints it.
        case table
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write runs as CSV, LaTeX, JSON lines, or the table of their study.")

    @Argument(help: "Numbers, names or folders of runs (default: all).")
    var runs: [String] = []

    @Option(
        help:
            "csv (a line a run), latex (a line a group of seeds), jsonl (all numbers), or table (a study's)."
    )
    var format: Format

    @Option(help: "The file to write (default: standard output).")
    var output: String?

    @OptionGroup var records: RecordsOption

    func validate() throws {
        guard format != .table || runs.isEmpty else {
            throw ValidationError("--format table takes the runs of whole studies; name no runs")
        }
    }

    func run() throws {
        let store = try records.open()
        let chosen =
            runs.isEmpty ? try store.runs() : try runs.map { try store.run(named: $0) }
        let text =
            switch format {
            case .csv: try Self.csv(chosen, store)
            case .latex: Self.latex(chosen)
            case .jsonl: try Self.lines(chosen, store)
            case .table: try table(store)
            }
        guard let output else { return print(text, terminator: "") }
        try AtomicFile.write(Data(text.utf8), to: output)
        print("\(output): \(chosen.count) run\(chosen.count == 1 ? "" : "s")")
    }

    private static func csv(_ runs: [RecordedRun], _ store: RecordStore) throws -> String {
        let heading =
            "id,name,state,kind,recipe,method,seed,epoch,epochs,step,score_name,last,best_test,"
            + "best_on_validation,folder\n"
        return try runs.reduce(into: heading) { text, run in
            let of = run.description
            let scores = try store.scores(of: run.id, named: of.score)
            let numbers = [scores.last, scores.best, scores.onValidation].map {
                $0.map { "\($0)" } ?? ""
            }
            let fields =
                ["\(run.id)", of.name, run.state.rawValue, of.kind, of.recipe, of.method]
                + ["\(of.seed)", "\(run.progress.epoch)", "\(of.epochs)", "\(run.progress.step)"]
                + [of.score] + numbers + [of.folder]
            text += fields.map(quoted).joined(separator: ",") + "\n"
        }
    }

    /// A field of CSV (RFC 4180).
    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { "\",\r\n".contains($0) }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    private static func latex(_ runs: [RecordedRun]) -> String {
        let lines = RunGroup.all(of: runs).compactMap { group in
            GroupLine(group).map { line in
                let deviation = line.std.map { " $\\pm$ " + $0.formatted(places: 2) } ?? ""
                return "\(escaped(group.recipe)) & \(escaped(group.method)) & "
                    + "\(escaped(line.scoreName)) & \(line.mean.formatted(places: 2))\(deviation) & "
                    + "\(line.seeds.count) \\\\\n"
            }
        }
        return "% needs the package booktabs\n\\begin{tabular}{llllr}\n\\toprule\n"
            + "Recipe & Method & Score & Mean $\\pm$ deviation & Seeds \\\\\n\\midrule\n"
            + lines.joined() + "\\bottomrule\n\\end{tabular}\n"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, letter in
            switch letter {
            case "\\": result += "\\textbackslash{}"
            case "~": result += "\\textasciitilde{}"
            case "^": result += "\\textasciicircum{}"
            case "&", "%", "$", "#", "_", "{", "}": result += "\\\(letter)"
            default: result.append(letter)
            }
        }
    }

    private struct Line: Encodable {
        let run: RunLine
        let curves: [String: Curve]

        struct Curve: Encodable {
            let steps: [Int]
            let values: [Double?]
        }

        enum CodingKeys: String, CodingKey { case curves }

        func encode(to encoder: any Encoder) throws {
            try run.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(curves, forKey: .curves)
        }
    }

    private static func lines(_ runs: [RecordedRun], _ store: RecordStore) throws -> String {
        try runs.reduce(into: "") { text, run in
            let curves = try store.series(of: run.id).map {
                ($0.name, Line.Curve(steps: $0.steps, values: $0.values))
            }
            text += try json(
                Line(run: RunLine(run), curves: Dictionary(uniqueKeysWithValues: curves)))
        }
    }

    private func table(_ store: RecordStore) throws -> String {
        let lines = try store.resultLines()
        guard !lines.isEmpty else { throw NoStudy(path: records.path) }
        return try json(["rows": StudyResults.table(of: lines).rows])
    }
}

/// Records without the results of a study.
struct NoStudy: Error, CustomStringConvertible {
    let path: String

    var description: String {
        "\(path) has no results of a study, expected those of `reviewkd reproduce` or `ablate`; take them in "
            + "with `reviewkd runs index DIR`"
    }
}
