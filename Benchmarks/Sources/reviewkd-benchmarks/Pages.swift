import BenchmarkReport
import Foundation

/// The page and the chart beside the file of measurements.
struct Pages {
    let folder: String
    let plan: Plan
    let notes: [Section: String]

    /// Writes both from the measurements of one revision on one machine; what other kinds of processors have
    /// there stays.
    func write(_ results: Results) throws {
        let chart = SpeedChart(plan: plan, results: results).svg
        let name = "speed-\(results.kind.lowercased().replacingOccurrences(of: " ", with: "-")).svg"
        try chart?.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
        let page = SpeedPage(
            plan: plan, results: results, notes: notes, chart: chart == nil ? nil : name)
        let path = folder + "/speed.md"
        let old =
            FileManager.default.fileExists(atPath: path)
            ? try String(contentsOfFile: path, encoding: .utf8) : ""
        try page.inserted(into: old).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
