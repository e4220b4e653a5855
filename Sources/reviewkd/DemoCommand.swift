import ArgumentParser
import Basics
import CommandOptions
import Distillation
import Foundation
import Reporting
import RunRecords
import RunReport
import Studies
import Terminal
import Torch
import TorchNN
import Training
import VisionData

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

    @OptionGroup var processes: ProcessOptions

    @Option(help: "Write an HTML report on the students of the first seed into this file.")
    var report: String?

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

    func run() throws { try processes.run(on: device) { try run(with: $0) } }

    private func run(with processes: any ProcessGroup) throws {
        let usesGraph = device.graph
        let adaptsThreads = device.adaptsThreads(with: processes)
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
            processes: processes, usesGraph: usesGraph, adaptsThreads: adaptsThreads,
            interruption: { Interruption.signal }
        ) { show($0, reporter) }
        let outcome = try demo.run()
        reporter.finish()
        let results = outcome?.accuracies
        guard let outcome, let results, let alone = results[.alone], let kd = results[.kd],
            let review = results[.reviewkd]
        else {
            printError("Interrupted; the demo keeps nothing.")
            // A launcher may have signalled one of several processes.
            throw ExitCode(128 + Int32(try processes.greatest(of: Int(Interruption.signal))))
        }
        let elapsed = ContinuousClock.now - start
        let figures = Report(
            alone: alone, kd: kd, reviewkd: review, seeds: seeds,
            seconds: Double(elapsed.components.seconds))
        if json { try printJSON(figures) } else { printTable(figures) }
        guard let report, processes.rank == 0 else { return }
        try write(outcome, to: report)
        if !json { print("Report: \(report)") }
    }

    private func write(_ outcome: Demo.Outcome, to path: String) throws {
        // The student that ReviewKD taught comes first, since the page looks into it.
        let order: [Demo.Method] = [.reviewkd, .alone, .kd]
        let runs = order.compactMap { method in
            outcome.students.first { $0.method == method }.map { student in
                student.network.eval()
                let lesson = method == .reviewkd ? ReportedLesson(of: student.distiller) : nil
                lesson?.review?.review.eval()
                return ReportedRun(
                    name: method.rawValue, recipe: student.recipe, history: student.history,
                    student: student.network, lesson: lesson)
            }
        }
        let page = RunReport(
            runs, test: outcome.test,
            classNames: photos == nil ? ProceduralImages.classNames : nil)
        try AtomicFile.write(Data(try page.html().utf8), to: path)
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

    private func printTable(_ figures: Report) {
        print(
            "method          test accuracy (%), mean ± deviation over \(figures.seeds.count) seed(s)"
        )
        for (name, result) in [
            ("student alone", figures.alone), ("KD", figures.kd), ("ReviewKD", figures.reviewkd),
        ] {
            print(
                name.padded(to: 16) + result.mean.formatted(places: 2) + " ± "
                    + result.std.formatted(places: 2))
        }
        print("\(figures.seconds.formatted(places: 0)) seconds, teacher and students included")
    }
}
