import BenchmarkReport
import Foundation
import Testing

/// The measurements in Fixtures/speed.jsonl: round numbers, made up.
enum Fixture {
    static let revision = "abc1234"
    static let machine = "Test machine, AVX2, 2 cores"
    static let plan = Plan(device: "cpu", threads: 2, steps: 10, turns: 3)

    static func measurements() throws -> [BenchmarkReport.Measurement] {
        let url = try #require(
            Bundle.module.url(
                forResource: "speed", withExtension: "jsonl", subdirectory: "Fixtures"))
        return try MeasurementLog(path: url.path).measurements
    }

    static func results() throws -> Results {
        Results(try measurements(), revision: revision, machine: machine)
    }

    /// Calls a function with the path of a file in a folder that is removed afterwards.
    static func withFile(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            component: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(component: "speed.jsonl").path)
    }
}
