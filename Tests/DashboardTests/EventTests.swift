import BasicsTestSupport
import Foundation
import RecordStore
import Testing

@testable import Dashboard

@Suite("The dashboard's events")
struct EventTests {
    @Test("A page gets everything once, and then what is new alone")
    func differences() throws {
        try withRecords(runs: 2) { store, port in
            let events = try Events(port)
            #expect(try events.next().data["reset"] as? Bool == true)
            let id = try events.ready()
            let run = try #require(try store.runs().last)
            try store.add(step(21), to: run.id)
            let event = try events.next()
            #expect(event.bytes < 400)
            let curves = try #require(event.data["curves"] as? [[String: Any]])
            #expect(curves.count == 1)
            #expect(curves.first?["name"] as? String == "step/total")
            #expect(curves.first?["steps"] as? [Int] == [21])
            let runs = try #require(event.data["runs"] as? [[String: Any]])
            #expect(runs.count == 1)
            #expect(runs.first?["step"] as? Int == 21)
            #expect(runs.first?["fixed"] == nil)
            // One that was cut off goes on where it was.
            let again = try Events(port, after: id).next()
            #expect(again.data["reset"] == nil)
            #expect(again.id == event.id)
            #expect(try Events(port, after: "another-0").next().data["reset"] as? Bool == true)
        }
    }

    @Test("An update of 50 runs is at most 100 KB")
    func size() throws {
        try withRecords(runs: 50) { store, port in
            let events = try Events(port)
            _ = try events.ready()
            let runs = try store.runs().map(\.id)
            for id in runs {
                var update = step(21)
                update.points += ["step/a", "step/b", "test/top1"].map {
                    RunPoint(series: $0, step: 21, value: 1.2345678)
                }
                try store.add(update, to: id)
            }
            var seen: Set<Int> = []
            var bytes = 0
            while seen.count < runs.count {
                let event = try events.next()
                bytes += event.bytes
                for curve in event.data["curves"] as? [[String: Any]] ?? [] {
                    seen.insert(try #require(curve["run"] as? Int))
                }
            }
            print("an update of 50 runs with 4 points each took \(bytes) bytes")
            #expect(bytes <= 100_000)
        }
    }

    @Test("A curve that is written again is sent again, but only where it has changed")
    func rewriting() throws {
        try withRecords(runs: 1) { store, port in
            let events = try Events(port)
            _ = try events.ready()
            let run = try #require(try store.runs().first).id
            let old = try #require(
                try store.series(of: run).first { $0.name == "step/total" })
            var update = RunUpdate()
            update.points = zip(old.steps, old.values).map {
                RunPoint(series: old.name, step: $0, value: $1)
            }
            update.points.append(RunPoint(series: "step/new", step: 1, value: 1))
            try store.add(update, to: run)
            let same = try #require(try events.next().data["curves"] as? [[String: Any]])
            #expect(same.compactMap { $0["name"] as? String } == ["step/new"])
            try store.removePoints(of: run, after: 10)
            update.points = [RunPoint(series: old.name, step: 11, value: 7)]
            try store.add(update, to: run)
            let curves = try #require(try events.next().data["curves"] as? [[String: Any]])
            #expect(curves.first?["whole"] as? Bool == true)
            // The first step, and then the distances.
            #expect(curves.first?["steps"] as? [Int] == Array(repeating: 1, count: 11))
        }
    }

    @Test("A run that is removed goes, and one whose process is killed is interrupted")
    func ends() throws {
        try withFolder { folder in
            let file = try fill(folder, runs: 1)
            let server = try Trial("serve", file)
            let events = try Events(try server.port())
            _ = try events.ready()
            let store = try RecordStore(path: file, access: .write)
            let first = try #require(try store.runs().first).id
            try store.delete(first)
            #expect(try events.next().data["gone"] as? [Int] == [Int(first)])
            let writer = try Trial("grow", file, "going-on", "100", "1", "100")
            var state: String?
            while state != "running" { state = try Self.state(in: try events.next()) }
            writer.kill()
            while state == "running" { state = try Self.state(in: try events.next()) ?? state }
            #expect(state == "interrupted")
        }
    }

    @Test("A bad file in the records' place, and none, are told until a good one is there")
    func replaced() throws {
        try withFolder { folder in
            let file = try fill(folder, runs: 1)
            let other = folder + "/other"
            try FileManager.default.createDirectory(
                atPath: other, withIntermediateDirectories: false)
            let good = try fill(other, runs: 2)
            let server = try Trial("serve", file)
            let events = try Events(try server.port())
            _ = try events.ready()
            try Data("no records\n".utf8).write(to: URL(filePath: file), options: .atomic)
            let foreign = try #require(try events.next().data["problem"] as? String)
            #expect(foreign == "\(RecordError.foreign(path: file))")
            try FileManager.default.removeItem(atPath: file)
            let missing = try #require(try events.next().data["problem"] as? String)
            #expect(missing == "\(RecordError.missing(path: file))")
            try FileManager.default.moveItem(atPath: good, toPath: file)
            var runs = 0
            #expect(try events.next().data["reset"] as? Bool == true)
            while true {
                let event = try events.next()
                #expect(event.data["problem"] == nil)
                runs += (event.data["runs"] as? [Any])?.count ?? 0
                if event.data["ready"] != nil { break }
            }
            #expect(runs == 2)
        }
    }

    @Test("A thinned curve keeps its ends, its extremes and its order")
    func thinning() {
        var curve = Curve(run: 1, name: "made")
        for step in 1...10_000 {
            let value = step == 4321 ? 99 : step == 1234 ? -99 : sin(Double(step))
            let isLater = curve.append(step, step == 7777 ? nil : value)
            #expect(isLater)
        }
        let thinned = curve.thinned
        #expect(curve.steps.count <= 2 * Curve.limit)
        #expect(thinned.steps.count <= Curve.limit + 2)
        #expect(thinned.steps.first == 1)
        #expect(thinned.steps.last == 10_000)
        #expect(thinned.steps == thinned.steps.sorted())
        #expect(thinned.values.max() == 99)
        #expect(thinned.values.min() == -99)
        let isLater = curve.append(10_000, 0)
        #expect(!isLater)
    }

    private static func state(in event: Events.Event) throws -> String? {
        (event.data["runs"] as? [[String: Any]])?.compactMap { $0["state"] as? String }.last
    }

    private func step(_ step: Int) -> RunUpdate {
        var update = RunUpdate()
        update.points = [RunPoint(series: "step/total", step: step, value: 0.5)]
        update.progress = RunProgress(epoch: 60, step: step)
        return update
    }
}
