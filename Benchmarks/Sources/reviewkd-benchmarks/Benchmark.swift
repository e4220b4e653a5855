import BenchmarkReport
import Foundation

/// Runs what a plan asks for and the file of measurements does not have yet.
struct Benchmark {
    let plan: Plan
    let machine: Machine
    let programs: Programs
    let realData: RealData?
    var log: MeasurementLog

    /// Measures a section, turn by turn within each group.
    mutating func run(_ section: Section) throws {
        let turns = plan.turns(of: section)
        for group in plan.groups(of: section) {
            for turn in 1...turns {
                for setting in group where setting.work != .epoch || realData != nil {
                    try run(setting, turn: turn, of: turns, section: section)
                }
            }
        }
    }

    private mutating func run(
        _ setting: Setting, turn: Int, of turns: Int, section: Section
    ) throws {
        let key = MeasurementKey(
            revision: machine.revision, machine: machine.text, setting: setting, turn: turn)
        guard !log.contains(key) else { return }
        let start = ContinuousClock.now
        let measured: (command: String, figures: Figures)
        if setting.work == .epoch, let realData {
            measured = try realData.measure(setting, with: programs)
        } else {
            measured = try programs.measure(setting)
        }
        try log.append(
            Measurement(
                key: key, date: Self.today, command: measured.command, figures: measured.figures))
        let milliseconds = String(format: "%.1f", measured.figures.milliseconds)
        let seconds = String(format: "%.0f", (ContinuousClock.now - start) / .seconds(1))
        say(
            "\(section.rawValue), turn \(turn) of \(turns): \(setting.pair.rawValue), "
                + "\(setting.work.rawValue)\(setting.method.map { " " + $0 } ?? ""), batch \(setting.batchSize), threads "
                + "\(setting.threads), \(setting.program.title): \(milliseconds) ms "
                + "(\(seconds) s in all)")
    }

    /// The day of the machine's clock, in UTC.
    private static var today: String {
        Date.now.formatted(.iso8601.year().month().day())
    }
}

/// Writes a line of progress to standard error.
func say(_ text: String) {
    FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
}
