import BenchmarkReport
import Foundation

/// The programs that are measured, and how a setting becomes a command.
struct Programs {
    let reviewkd: String
    let python: String

    /// Of ours: the tool's and LibTorch's.
    let version: String

    private static let yardstick = "Benchmarks/pytorch_step.py"

    /// Checks that the programs are there.
    init(reviewkd: String, python: String) throws {
        for (path, remedy) in [
            (reviewkd, "`make bench` builds it, --reviewkd names another"),
            (python, "`make bench` sets it up, --python names another"),
            (Self.yardstick, "run this from the root of the checkout"),
        ] where !FileManager.default.fileExists(atPath: path) {
            throw BenchmarkError.missing(path: path, remedy: remedy)
        }
        self.reviewkd = reviewkd
        self.python = python
        version = try Command(executable: reviewkd, arguments: ["--version"]).run().output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Runs a setting that needs no data.
    func measure(_ setting: Setting) throws -> (command: String, figures: Figures) {
        switch setting.work {
        case .distill, .train, .evaluate: try measureSteps(setting)
        case .firstSteps, .coldSteps:
            try measureWhole(setting, command: steps(setting), version: nil)
        case .version: try measureVersion(setting)
        case .epoch: preconditionFailure("measure: an epoch needs data, which RealData has")
        }
    }

    private func measureSteps(
        _ setting: Setting
    ) throws -> (command: String, figures: Figures) {
        let command = steps(setting)
        let report = try StepReport(run: command, setting: setting)
        return (
            command.text,
            Figures(
                milliseconds: report.msPerStep, imagesPerSecond: report.imagesPerSecond,
                peakMemoryBytes: report.peakMemoryBytes, precision: report.precision,
                version: report.version ?? version)
        )
    }

    private func measureVersion(
        _ setting: Setting
    ) throws -> (command: String, figures: Figures) {
        guard setting.program != .ours else {
            let command = Command(executable: reviewkd, arguments: ["--version"])
            return try measureWhole(setting, command: command, version: version)
        }
        let line =
            "import platform, torch; "
            + "print(f'PyTorch {torch.__version__}, Python {platform.python_version()}')"
        return try measureWhole(setting, command: pythonCommand(["-c", line]), version: nil)
    }

    /// Times a program from its start to its end.
    private func measureWhole(
        _ setting: Setting, command: Command, version: String?
    ) throws -> (command: String, figures: Figures) {
        let (output, milliseconds) = try command.run(threads: setting.threads)
        let printed = output.trimmingCharacters(in: .whitespacesAndNewlines)
        let stated =
            setting.work == .version
            ? printed
            : try StepReport(json: output, command: command, setting: setting).version
        return (
            command.text,
            Figures(milliseconds: milliseconds, version: version ?? stated ?? self.version)
        )
    }

    private func steps(_ setting: Setting) -> Command {
        let isStart = setting.work == .firstSteps || setting.work == .coldSteps
        let work = isStart ? Work.distill : setting.work
        let common = [
            "--work", work.rawValue, "--batch-size", "\(setting.batchSize)", "--threads",
            "\(setting.threads)", "--steps", "\(setting.steps)", "--device", setting.device,
        ]
        let method = setting.method.map { ["--method", $0] } ?? []
        guard setting.program != .ours else {
            let recipe = "cifar100/\(setting.pair.rawValue)"
            return Command(
                executable: reviewkd, arguments: ["bench", recipe] + common + method + ["--json"])
        }
        var command = pythonCommand(
            [Self.yardstick, "--pair", setting.pair.rawValue, "--mode", setting.program.rawValue]
                + common + method)
        if setting.work == .coldSteps {
            command.environment["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
        }
        return command
    }

    /// A command of the Python that has PyTorch; in the record its folder is not named.
    private func pythonCommand(_ arguments: [String]) -> Command {
        Command(executable: python, arguments: arguments, abbreviations: [(python, "python")])
    }
}

/// What both step benchmarks print.
private struct StepReport: Decodable {
    let batchSize: Int
    let threads: Int
    let msPerStep: Double
    let imagesPerSecond: Double
    let peakMemoryBytes: Int
    let precision: String
    let version: String?

    init(run command: Command, setting: Setting) throws {
        let output = try command.run(threads: setting.threads).output
        try self.init(json: output, command: command, setting: setting)
    }

    /// Decodes a report, and checks that the program did what it was asked for.
    init(json: String, command: Command, setting: Setting) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(StepReport.self, from: Data(json.utf8))
        } catch let error as DecodingError {
            throw BenchmarkError.unexpected(
                command: command.text, expected: "one JSON object with the figures of a step",
                found: "\(json.prefix(200)) (\(error))")
        }
        guard threads == setting.threads, batchSize == setting.batchSize else {
            throw BenchmarkError.unexpected(
                command: command.text,
                expected: "\(setting.threads) threads and batch \(setting.batchSize)",
                found: "\(threads) and \(batchSize)")
        }
    }
}
