import BenchmarkReport
import Foundation
import Testing

@Suite("The file of measurements")
struct MeasurementLogTests {
    @Test("What stands in the file is known when it is opened again")
    func reopen() throws {
        let all = try Fixture.measurements()
        try Fixture.withFile { path in
            var log = try MeasurementLog(path: path)
            #expect(log.measurements.isEmpty)
            for measurement in all { try log.append(measurement) }
            let again = try MeasurementLog(path: path)
            #expect(again.measurements == all)
            #expect(all.allSatisfy { again.contains($0.key) })
        }
    }

    @Test("Another revision, machine, setting or turn is another measurement")
    func keys() throws {
        let all = try Fixture.measurements()
        let known = try #require(all.first { $0.revision == Fixture.revision }).key
        var longer = known.setting
        longer.steps += 1
        let others = [
            MeasurementKey(
                revision: "other", machine: known.machine, setting: known.setting, turn: 1),
            MeasurementKey(
                revision: known.revision, machine: "other", setting: known.setting, turn: 1),
            MeasurementKey(
                revision: known.revision, machine: known.machine, setting: longer, turn: 1),
            MeasurementKey(
                revision: known.revision, machine: known.machine, setting: known.setting, turn: 9),
        ]
        try Fixture.withFile { path in
            var log = try MeasurementLog(path: path)
            for measurement in all { try log.append(measurement) }
            #expect(log.contains(known))
            #expect(others.allSatisfy { !log.contains($0) })
        }
    }

    @Test("A line that was cut off is removed, and the next one is whole")
    func tornLine() throws {
        let all = try Fixture.measurements()
        try Fixture.withFile { path in
            var log = try MeasurementLog(path: path)
            try log.append(all[0])
            try log.append(all[1])
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            try data.dropLast(20).write(to: URL(fileURLWithPath: path))
            var resumed = try MeasurementLog(path: path)
            #expect(resumed.measurements == [all[0]])
            try resumed.append(all[1])
            #expect(try MeasurementLog(path: path).measurements == Array(all[..<2]))
        }
    }

    @Test("A line that is no measurement is named by its number")
    func foreignLine() throws {
        let all = try Fixture.measurements()
        try Fixture.withFile { path in
            var log = try MeasurementLog(path: path)
            try log.append(all[0])
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            try (data + Data("{}\n".utf8)).write(to: URL(fileURLWithPath: path))
            let error = try #require(throws: MeasurementLogError.self) {
                try MeasurementLog(path: path)
            }
            #expect(error.description.contains("expected a measurement in line 2"))
        }
    }
}
