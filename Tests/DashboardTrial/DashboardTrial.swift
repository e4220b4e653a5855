import Dashboard
import Foundation
import RecordStore

/// Makes records, lets them grow, and serves them, each in a process of its own.
///
/// - `dashboard-trial fill FILE RUNS POINTS`: finished runs, five seeds of each method, with so many points
///   in each curve of single steps.
/// - `dashboard-trial grow FILE NAME STEPS DONE PAUSE`: one run of so many steps, of which some are done at
///   once and each other one after so many milliseconds; then it waits until it is killed.
/// - `dashboard-trial serve FILE [PORT [HOST TOKEN]]`: the dashboard, until a signal ends it.
@main
struct DashboardTrial {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch (arguments.first, arguments.count) {
            case ("fill", 4):
                try fill(arguments[1], Int(arguments[2]) ?? 0, Int(arguments[3]) ?? 0)
            case ("grow", 6):
                let numbers = arguments[3...].map { Int($0) ?? 1 }
                try grow(
                    arguments[1], MadeRun(name: arguments[2], steps: numbers[0]),
                    done: numbers[1], pause: numbers[2])
            case ("serve", 2...): try await serve(Array(arguments.dropFirst()))
            default: fail("expected fill, grow or serve with their arguments")
            }
        } catch {
            fail("\(error)")
        }
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        exit(1)
    }

    private static func serve(_ arguments: [String]) async throws {
        let store = try RecordStore(path: arguments[0], access: .read)
        let address = try DashboardAddress(
            host: arguments.count > 2 ? arguments[2] : nil,
            port: arguments.count > 1 ? Int(arguments[1]) ?? -1 : 0,
            token: arguments.count > 3 ? arguments[3] : nil)
        let server = try DashboardServer(store, at: address) { text in
            FileHandle.standardError.write(Data("warning: \(text)\n".utf8))
        }
        try await server.run { FileHandle.standardOutput.write(Data("\($0)\n".utf8)) }
    }

    private static func fill(_ path: String, _ runs: Int, _ points: Int) throws {
        let store = try RecordStore(path: path, access: .write)
        for number in 0..<runs {
            let made = MadeRun(number: number, steps: points)
            let id = try store.begin(
                made.description(below: path), by: nil, keepsPoints: false)
            var update = RunUpdate()
            update.points = (1...max(points, 1)).flatMap(made.points)
            update.progress = made.progress(points)
            // One of them ended with an error, another one was stopped.
            update.state =
                number % 23 == 19
                ? (.failed, "the loss is not finite at step \(points)")
                : (number % 17 == 11 ? .interrupted : .finished, nil)
            try store.add(update, to: id)
        }
    }

    private static func grow(_ path: String, _ made: MadeRun, done: Int, pause: Int) throws {
        let store = try RecordStore(path: path, access: .write)
        let id = try store.begin(
            made.description(below: path), by: .current, keepsPoints: false)
        var update = RunUpdate()
        for step in 1...max(made.steps, 1) {
            update.points += made.points(step)
            update.progress = made.progress(step)
            guard step >= done else { continue }
            try store.add(update, to: id)
            update = RunUpdate()
            usleep(UInt32(pause * 1000))
        }
        while true { sleep(1) }
    }
}
