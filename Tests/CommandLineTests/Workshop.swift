import ArgumentParser
import Foundation
import TensorFiles
import Testing

@testable import reviewkd

/// A folder with small data, a recipe, a teacher and a run that was left alone, all made once.
struct Workshop: Sendable {
    /// The program failed at what every test begins with.
    struct Unprepared: Error { let errors: String }

    static let recipe = """
        name: test/pair
        description: A pair small enough for tests
        dataset: {name: cifar100}
        teacher: {model: resnet14}
        student: {model: resnet8}
        method:
          name: reviewkd
          review: {weight: 1.0, warmup: {fraction: 0.25}}
        optimizer: {learning_rate: 0.05}
        schedule: {name: onecycle}
        epochs: 2
        batch_size: 8
        precision: float32

        """

    /// The steps of the whole run: two epochs of 32 images.
    static let steps = 8

    private static let prepared = Result { try Workshop() }

    static func shared() throws -> Workshop { try prepared.get() }

    let folder: URL
    let teacher = "teacher/student-last.safetensors"
    let reference = "reference"

    private init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("reviewkd-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit {
            guard case .success(let workshop) = Workshop.prepared else { return }
            try? FileManager.default.removeItem(at: workshop.folder)
        }
        try write(Data(Self.recipe.utf8), to: "pair.yaml")
        try write(SmallData.records(32, seed: 1), to: "data/cifar-100-binary/train.bin")
        try write(SmallData.records(16, seed: 2), to: "data/cifar-100-binary/test.bin")
        let runs = [
            ["train", "pair.yaml", "--model", "resnet14", "--data", "data", "--output", "teacher"],
            distill(to: reference),
        ]
        for run in runs {
            let outcome = try RunningTool(run, in: folder).outcome()
            guard outcome.status == 0 else { throw Unprepared(errors: outcome.errors) }
        }
    }

    /// The arguments of the run that most tests are about.
    func distill(to output: String, teacher: String? = nil) -> [String] {
        [
            "distill", "pair.yaml", "--teacher", teacher ?? self.teacher, "--data", "data",
            "--output", output, "--quiet",
        ]
    }

    /// Runs the program in the workshop's folder.
    func run(
        _ arguments: [String], environment: [String: String] = [:], fileBlocks: Int? = nil,
        script: String? = nil, output: FileHandle? = nil
    ) throws -> Outcome {
        try RunningTool(
            arguments, in: folder, environment: environment, fileBlocks: fileBlocks,
            script: script, output: output
        ).outcome()
    }

    /// What the program says to arguments, where it refuses them as they stand, asked in this process.
    ///
    /// Each start of the program takes a third of a second. Arguments that make a command are given to the program.
    func answer(to arguments: [String]) async throws -> Outcome {
        do {
            _ = try await ReviewKDTool.command(of: arguments)
        } catch {
            let (message, status) = ReviewKDTool.told(error, of: arguments)
            return Outcome(
                status: status.rawValue, output: status == .success ? message : "",
                errors: status == .success ? "" : message + "\n")
        }
        return try run(arguments)
    }

    /// Starts the program in the workshop's folder.
    func start(_ arguments: [String], script: String? = nil) throws -> RunningTool {
        try RunningTool(arguments, in: folder, script: script)
    }

    /// A name in the workshop that no other test has.
    func fresh(_ name: String) -> String { "\(name)-\(UUID().uuidString.prefix(8))" }

    func url(_ path: String) -> URL { folder.appendingPathComponent(path) }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }

    func read(_ path: String) throws -> Data { try Data(contentsOf: url(path)) }

    func write(_ contents: Data, to path: String) throws {
        try FileManager.default.createDirectory(
            at: url(path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: url(path))
    }

    func copy(_ source: String, to target: String) throws {
        try FileManager.default.copyItem(at: url(source), to: url(target))
    }

    /// Every file below a folder, with its contents; records of runs, which have times in them, are left out.
    func contents(_ path: String) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: url(path).path)
        var contents: [String: Data] = [:]
        for name in names where !name.contains("runs.sqlite") {
            var isDirectory: ObjCBool = false
            let file = url(path).appendingPathComponent(name).path
            _ = FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory)
            contents[name] = isDirectory.boolValue ? Data() : try read(path + "/" + name)
        }
        return contents
    }
}

extension Workshop {
    /// Waits until a run has saved a checkpoint, and another than the given one.
    func waitForCheckpoint(of run: RunningTool, _ output: String, after names: [String] = []) {
        while run.isRunning, (try? [[], names].contains(checkpoints(output))) ?? true {
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    /// The names in a run's folder of checkpoints, its lock left out.
    func checkpoints(_ output: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url(output + "/checkpoint").path)
            .filter { $0 != "lock" }.sorted()
    }

    /// The path of the only checkpoint of a run.
    func checkpoint(_ output: String) throws -> String {
        let names = try checkpoints(output)
        guard names.count == 1 else { throw Unprepared(errors: "checkpoints: \(names)") }
        return output + "/checkpoint/" + names[0]
    }

    /// The lines of a run's metrics.
    func metrics(_ output: String) throws -> [[String: Any]] {
        let text = String(decoding: try read(output + "/metrics.jsonl"), as: UTF8.self)
        return try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

extension Workshop {
    /// The arguments of a study of the small pair.
    func reproduce(
        _ output: String, methods: String = "kd,reviewkd", seeds: String = "0,1",
        also: [String] = []
    ) -> [String] {
        [
            "reproduce", "cifar100", "--pairs", "resnet14-resnet8", "--methods", methods,
            "--seeds", seeds, "--schedule", "pair.yaml", "--data", "data", "--output", output,
            "--precision", "float32", "--threads", "1",
        ] + also
    }
}

extension Workshop {
    /// Repeats a command that ends at every third write of a checkpoint until it comes to its own end.
    ///
    /// - Returns: how often it ended before.
    func repeatEndedAtWrites(_ arguments: [String]) throws -> Int {
        var ends = 0
        while ends < 20 {
            let outcome = try run(
                arguments, environment: ["REVIEWKD_EXIT_AT": "before-rename:3"])
            guard outcome.status == 75 else {
                #expect(outcome.status == 0, "\(outcome.errors)")
                break
            }
            ends += 1
        }
        return ends
    }
}

/// Expects both of two ranks to end since they would not do the same.
func expectUnlike(_ runs: [RunningTool], in what: String) throws {
    for (prefix, run) in zip(["", "rank 1: "], runs) {
        let outcome = try run.outcome()
        #expect(outcome.status == 1)
        #expect(
            outcome.sentence.hasPrefix(
                "Error: \(prefix)the processes do not do the same: rank 1 differs from rank 0 in \(what)."
            ),
            "\(outcome.errors)")
    }
}
