import BenchmarkReport
import Foundation

/// An epoch on CIFAR-100 with the command that a user would give.
struct RealData {
    /// The folder that holds the data set.
    let folder: String

    /// The teacher's weights; without them one is made, for a step takes as long with any.
    let teacher: String?

    /// Images held out of training to make a short epoch for trying the benchmark.
    let heldOut: Int

    private static let trainingImages = 50_000

    /// The steps of an epoch.
    static func steps(heldOut: Int, batchSize: Int) -> Int {
        (trainingImages - heldOut + batchSize - 1) / batchSize
    }

    /// Whether a folder holds CIFAR-100 in its binary form.
    static func isThere(_ folder: String) -> Bool {
        ["/train.bin", "/cifar-100-binary/train.bin"].contains {
            FileManager.default.fileExists(atPath: folder + $0)
        }
    }

    /// Runs the epoch.
    func measure(
        _ setting: Setting, with programs: Programs
    ) throws -> (command: String, figures: Figures) {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appending(
            component: "reviewkd-benchmarks-\(UUID().uuidString)")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: folder) }
        let weights = try teacher ?? makeTeacher(in: folder, setting, programs)
        let output = folder.appending(component: "run").path
        let held = heldOut > 0 ? ["--set", "validation.split=\(heldOut)"] : []
        let command = Command(
            executable: programs.reviewkd,
            arguments: [
                "distill", "cifar100/resnet56-resnet20-short", "--teacher", weights,
                "--epochs", "1",
            ] + common(setting, output: output) + held,
            abbreviations: [(weights, "TEACHER"), (output, "OUTPUT"), (self.folder, "DATA")])
        _ = try command.run(threads: setting.threads)
        let record = try EpochRecord(metrics: output + "/metrics.jsonl", command: command)
        guard record.step == setting.steps else {
            throw BenchmarkError.unexpected(
                command: command.text, expected: "\(setting.steps) steps", found: "\(record.step)")
        }
        return (
            command.text,
            Figures(
                milliseconds: record.seconds * 1000, imagesPerSecond: record.imagesPerSecond,
                peakMemoryBytes: record.peakMemoryBytes, version: programs.version)
        )
    }

    private func makeTeacher(
        in folder: URL, _ setting: Setting, _ programs: Programs
    ) throws -> String {
        let output = folder.appending(component: "teacher").path
        let command = Command(
            executable: programs.reviewkd,
            arguments: ["train", "cifar100/resnet56", "--max-steps", "1"]
                + common(setting, output: output))
        _ = try command.run(threads: setting.threads)
        return output + "/student-last.safetensors"
    }

    private func common(_ setting: Setting, output: String) -> [String] {
        [
            "--data", folder, "--output", output, "--threads", "\(setting.threads)", "--device",
            setting.device, "--quiet",
        ]
    }
}

/// The line of a run's metrics.
private struct EpochRecord: Decodable {
    let step: Int
    let seconds: Double
    let imagesPerSecond: Double
    let peakMemoryBytes: Int

    init(metrics path: String, command: Command) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        guard let line = data.split(separator: UInt8(ascii: "\n")).last else {
            throw BenchmarkError.unexpected(
                command: command.text, expected: "a line in its metrics.jsonl", found: "none")
        }
        self = try decoder.decode(EpochRecord.self, from: line)
    }
}
