import ArgumentParser
import Basics
import CommandOptions
import Distillation
import Foundation
import Reporting
import RunRecords
import Studies
import Terminal
import Torch
import Training

/// `reviewkd demo`.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Watch ReviewKD beat the student trained alone, in a few minutes.")

    @Option(parsing: .unconditional, help: "Seeds of the students, separated by commas.")
    var seeds = "0,1,2"

    @Option(help: "Train on the photographs in this folder (train/CLASS, val/CLASS), seen small.")
    var photos: String?

    @OptionGroup var device: DeviceOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Show no progress, only results, warnings and errors.")
    var quiet = false

    private struct Report: Encodable {
        let alone: Accuracies
        let kd: Accuracies
        let reviewkd: Accuracies
        let seeds: [Int]
        let seconds: Double
    }

    func validate() throws { _ = try parseSeeds(seeds) }

    func run() throws {
        let usesGraph = device.graph
        let adaptsThreads = device.threads == nil
        let device = try device.resolve()
        Interruption.install()
        let start = ContinuousClock.now
        let seeds = try parseSeeds(self.seeds)
        let reporter = ProgressReporter(quiet: quiet)
        if !quiet {
            printError(
                "Training a teacher, then a student three ways with \(seeds.count) seed(s) each, "
                    + (photos.map { "on the photographs in \($0), seen at 32 × 32 pixels." }
                        ?? "on images that are drawn now."))
        }
        let demo = Demo(
            photographs: photos, seeds: seeds, precision: try .standard(on: device), device: device,
            usesGraph: usesGraph, adaptsThreads: adaptsThreads,
            interruption: { Interruption.signal }
        ) { show($0, reporter) }
        let results = try demo.run()
        reporter.finish()
        guard let results, let alone = results[.alone], let kd = results[.kd],
            let review = results[.reviewkd]
        else {
            printError("Interrupted; the demo keeps nothing.")
            throw ExitCode(128 + Interruption.signal)
        }
        let elapsed = ContinuousClock.now - start
        let report = Report(
            alone: alone, kd: kd, reviewkd: review, seeds: seeds,
            seconds: Double(elapsed.components.seconds))
        if json { try printJSON(report) } else { printTable(report) }
    }

    private func show(_ event: Demo.Event, _ reporter: ProgressReporter) {
        switch event {
        case .training(.epoch): break
        case .training(let event): reporter.report(event)
        case .teacher(let top1):
            reporter.finish()
            if !quiet { printError("teacher: \(top1.formatted(places: 2)) % on the test images") }
        case .student(let method, let seed, let top1):
            reporter.finish()
            if !quiet {
                printError("seed \(seed), \(method.rawValue): \(top1.formatted(places: 2)) %")
            }
        }
    }

    private func printTable(_ report: Report) {
        print(
            "method          test accuracy (%), mean ± deviation over \(report.seeds.count) seed(s)"
        )
        for (name, result) in [
            ("student alone", report.alone), ("KD", report.kd), ("ReviewKD", report.reviewkd),
        ] {
            print(
                name.padded(to: 16) + result.mean.formatted(places: 2) + " ± "
                    + result.std.formatted(places: 2))
        }
        print("\(report.seconds.formatted(places: 0)) seconds, teacher and students included")
    }
}
