import BasicsTestSupport
import Foundation
import GRDB
import RecordStore
import RunRecords
import Testing

@Suite("Run records")
struct RecordStoreTests {
    @Test("Eight processes write 1,000 steps each into one file, and nothing is lost")
    func eightWriters() throws {
        try withFolder { folder in
            let path = folder + "/runs.sqlite"
            let writers = try (0..<8).map { try Writer(path, "run\($0)", steps: 1000) }
            for writer in writers { #expect(writer.finish() == "trained\n") }
            let store = try RecordStore(path: path, access: .read)
            let runs = try store.runs()
            #expect(Set(runs.map(\.description.name)) == Set((0..<8).map { "run\($0)" }))
            for run in runs {
                #expect(run.state == .finished)
                #expect(run.progress.step == 1000)
                let series = try store.series(of: run.id)
                #expect(series.map(\.name) == ["step/loss"])
                #expect(series.first?.steps == Array(1...1000))
                #expect(series.first?.values == (1...1000).map { 1 / Double($0) })
            }
        }
    }

    @Test("A writer that is killed leaves a readable file, and its run is shown as interrupted")
    func killedWriter() throws {
        try withFolder { folder in
            let path = folder + "/runs.sqlite"
            let writer = try Writer(path, "killed", steps: 100, waits: true)
            let deadline = Date() + 60
            var seen: RecordedRun?
            while seen?.progress.step != 100, Date() < deadline {
                seen = (try? RecordStore(path: path, access: .read))
                    .flatMap { try? $0.runs().first }
                usleep(50_000)
            }
            #expect(seen?.state == .running)
            writer.kill()
            let store = try RecordStore(path: path, access: .read)
            let run = try #require(try store.runs().first)
            #expect(run.state == .interrupted)
            #expect(try store.series(of: run.id).first?.steps == Array(1...100))
        }
    }

    @Test(
        "The score of an epoch stays, though a step that knows none follows before both are written"
    )
    func scoreOfAnEpoch() throws {
        try withFolder { folder in
            let store = try RecordStore(path: folder + "/runs.sqlite", access: .write)
            let run = RunDescription(
                folder: folder + "/run", name: "run", kind: "train", recipe: "made",
                recipeText: "name: made\n", settings: [:], seedGroup: "made", method: "alone",
                seed: 0, epochs: 2, score: "top1")
            let recorder = try RunRecorder(run, in: store, keepsPoints: false) { _ in }
            var epoch = RunUpdate()
            epoch.progress = RunProgress(epoch: 1, step: 10, score: 15.47)
            recorder.add(epoch)
            var step = RunUpdate()
            step.progress = RunProgress(epoch: 1, step: 11)
            recorder.finish(step)
            let progress = try #require(try store.runs().first).progress
            #expect(progress.score == 15.47)
            #expect(progress.step == 11)
        }
    }

    @Test("A file that cannot grow costs the record and not the run")
    func fullDisk() throws {
        try withFolder { folder in
            let path = folder + "/runs.sqlite"
            let text = try Writer(path, "full", steps: 4000, fileBlocks: 200).finish()
            #expect(text.hasSuffix("trained\n"))
            #expect(text.components(separatedBy: "warning: ").count == 2, "\(text)")
        }
    }

    @Test(
        "What is no file of records, is of a later version, or is missing is an error that says so")
    func otherFiles() throws {
        try withFolder { folder in
            let missing = folder + "/none.sqlite"
            #expect(throws: RecordError.missing(path: missing)) {
                try RecordStore(path: missing, access: .read)
            }
            let text = folder + "/text.sqlite"
            try Data(String(repeating: "no database\n", count: 500).utf8)
                .write(to: URL(fileURLWithPath: text))
            let foreign = folder + "/foreign.sqlite"
            try DatabaseQueue(path: foreign).write {
                try $0.execute(sql: "CREATE TABLE song (name TEXT)")
            }
            for (path, access) in [
                (text, RecordStore.Access.read), (foreign, .read), (foreign, .write),
            ] {
                #expect(throws: RecordError.foreign(path: path)) {
                    try RecordStore(path: path, access: access)
                }
            }
            let later = folder + "/later.sqlite"
            _ = try RecordStore(path: later, access: .write)
            try DatabaseQueue(path: later).write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('1000')")
            }
            for access in [RecordStore.Access.read, .write] {
                #expect(throws: RecordError.later(path: later)) {
                    try RecordStore(path: later, access: access)
                }
            }
        }
    }

    @Test("A run that is resumed keeps its numbers, and one that begins again loses them")
    func resuming() throws {
        try withFolder { folder in
            let store = try RecordStore(path: folder + "/runs.sqlite", access: .write)
            let first = try store.begin(made(seed: 0), by: nil, keepsPoints: false)
            var update = RunUpdate()
            update.points = [
                RunPoint(series: "test/top1", step: 10, value: 50),
                RunPoint(series: "test/top1", step: 20, value: .nan),
            ]
            try store.add(update, to: first)
            #expect(try store.begin(made(seed: 0), by: nil, keepsPoints: true) == first)
            update.points = [RunPoint(series: "test/top1", step: 20, value: 60)]
            try store.add(update, to: first)
            #expect(
                try store.series(of: first) == [
                    RunSeries(name: "test/top1", steps: [10, 20], values: [50, 60])
                ])
            let second = try store.begin(made(seed: 0), by: nil, keepsPoints: false)
            #expect(try store.series(of: second).isEmpty)
            #expect(try store.runs().map(\.id) == [second])
        }
    }

    @Test("Seeds of one recipe are one group, with the sample deviation of those that are finished")
    func groups() throws {
        try withFolder { folder in
            let store = try RecordStore(path: folder + "/runs.sqlite", access: .write)
            for (seed, score) in [(0, 70.0), (1, 72.0), (2, 74.0), (3, 99.0)] {
                let id = try store.begin(made(seed: seed), by: nil, keepsPoints: false)
                var update = RunUpdate()
                update.progress = RunProgress(epoch: 1, step: 10, score: score)
                update.state = (seed == 3 ? .failed : .finished, nil)
                try store.add(update, to: id)
            }
            let groups = RunGroup.all(of: try store.runs())
            #expect(groups.count == 1)
            #expect(groups.first?.scores?.values == [70, 72, 74])
            #expect(groups.first?.scores?.mean == 72)
            #expect(groups.first?.scores?.std == 2)
        }
    }

    @Test("The values that differ between recipes are told, also those that one of them lacks")
    func differences() throws {
        try withFolder { folder in
            let store = try RecordStore(path: folder + "/runs.sqlite", access: .write)
            var other = made(seed: 1)
            other.settings["method.name"] = "kd"
            let ids = [
                try store.begin(made(seed: 0), by: nil, keepsPoints: false),
                try store.begin(other, by: nil, keepsPoints: false),
            ]
            let found = try store.differences(between: ids)
            #expect(found.map(\.key) == ["method.name", "seed"])
            #expect(found.map(\.values) == [[nil, "kd"], ["0", "1"]])
        }
    }

    private func made(seed: Int) -> RunDescription {
        RunDescription(
            folder: "/runs/seed-\(seed)", name: "seed-\(seed)", kind: "train", recipe: "made",
            recipeText: "", settings: ["seed": "\(seed)", "epochs": "1"], seedGroup: "made",
            method: "alone", seed: seed, epochs: 1, score: "top1")
    }
}

/// A process that records a made run.
private final class Writer {
    private let process = Process()
    private let output = Pipe()

    init(
        _ path: String, _ name: String, steps: Int, waits: Bool = false, fileBlocks: Int? = nil
    ) throws {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let program = tests.deletingLastPathComponent().appendingPathComponent("record-writer").path
        let limit = fileBlocks.map { "trap '' XFSZ; ulimit -f \($0); " } ?? ""
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", limit + "exec \"$@\"", "sh", program, path, name, "\(steps)"]
            + (waits ? ["wait"] : [])
        process.standardOutput = output
        try process.run()
    }

    /// Waits for its end, and gives what it wrote.
    func finish() -> String {
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
