import ArgumentParser
import Basics
import RecordStore
import Terminal

/// `reviewkd runs show`.
struct RunsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one run: recipe, numbers and files.")

    @Argument(help: ArgumentHelp("Its number, its name or its folder.", valueName: "run"))
    var name: String

    @OptionGroup var records: RecordsOption

    @Flag(help: "Print one JSON object.")
    var json = false

    /// The run's own keys, and further ones beside them.
    private struct Report: Encodable {
        let line: RunLine
        let details: Details
        let recipe: String
        let metrics: [EpochNumbers]
        let artefacts: [RunArtefact]

        enum CodingKeys: String, CodingKey { case details, recipe, metrics, artefacts }

        func encode(to encoder: any Encoder) throws {
            try line.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(details, forKey: .details)
            // The text takes the place of the recipe's name, which it holds.
            try container.encode(recipe, forKey: .recipe)
            try container.encode(metrics, forKey: .metrics)
            try container.encode(artefacts, forKey: .artefacts)
        }
    }

    private struct Details: Encodable {
        let command: String
        let revision: String?
        let libtorch: String?
        let device: String?
        let processor: String?
        let kernels: String?
    }

    func run() throws {
        let store = try records.open()
        let run = try store.run(named: name)
        let numbers = EpochNumbers.all(of: try store.series(of: run.id))
        let artefacts = try store.artefacts(of: run.id)
        let of = run.description
        guard json else { return show(run, numbers, artefacts) }
        try printJSON(
            Report(
                line: RunLine(run),
                details: Details(
                    command: of.command, revision: of.revision, libtorch: of.libtorch,
                    device: of.device, processor: of.processor, kernels: of.kernels),
                recipe: of.recipeText, metrics: numbers, artefacts: artefacts))
    }

    private func show(
        _ run: RecordedRun, _ numbers: [EpochNumbers], _ artefacts: [RunArtefact]
    ) {
        let of = run.description
        var rows = [
            ["run", "\(run.id), \(of.name)"],
            ["state", run.state.rawValue + (run.reason.map { ": \($0)" } ?? "")],
            ["recipe", "\(of.recipe), \(of.method), seed \(of.seed)"],
            ["epochs", "\(run.progress.epoch) of \(of.epochs), step \(run.progress.step)"],
            ["folder", of.folder],
        ]
        for (name, value) in [
            ("command", of.command.isEmpty ? nil : of.command), ("revision", of.revision),
            ("libtorch", of.libtorch), ("device", of.device), ("processor", of.processor),
            ("kernels", of.kernels),
        ] {
            if let value { rows.append([name, value]) }
        }
        print(columns(rows))
        if let last = numbers.last {
            print("\nAfter step \(last.step):")
            print(
                columns(
                    last.values.sorted { $0.key < $1.key }
                        .map { ["  " + $0.key, $0.value.formatted(places: 4)] }))
        }
        if !artefacts.isEmpty { print("") }
        print(columns(artefacts.map { [$0.path, "\($0.bytes)", $0.sha256] }))
    }
}

/// The numbers of a run after an epoch, by the names of their curves.
struct EpochNumbers: Encodable {
    let step: Int
    let values: [String: Double]

    /// One for each epoch, in order; the numbers of single steps are left out.
    static func all(of series: [RunSeries]) -> [EpochNumbers] {
        var values: [Int: [String: Double]] = [:]
        for series in series where !series.name.hasPrefix("step/") {
            for (step, value) in zip(series.steps, series.values) {
                values[step, default: [:]][series.name] = value
            }
        }
        return values.sorted { $0.key < $1.key }.map {
            EpochNumbers(step: $0.key, values: $0.value)
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Writes a flat object: `step`, and each number under its curve's name.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        var object = values
        object["step"] = Double(step)
        // As a value a dictionary keeps its keys, which are no names of Swift, such as test/AP50.
        try container.encode(object)
    }
}
