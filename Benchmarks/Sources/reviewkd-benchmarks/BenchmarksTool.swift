import ArgumentParser
import BenchmarkReport
import Foundation

extension Section: ExpressibleByArgument {}

/// Times `reviewkd` and PyTorch in turn, and writes the page about it.
@main
struct BenchmarksTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reviewkd-benchmarks",
        abstract: "Times reviewkd and PyTorch in turn, and writes speed.jsonl, .md and .svg.",
        discussion: """
            Run it from the root of the checkout, on a machine that does nothing else. What \
            speed.jsonl already has of this code on this machine is not measured again, so a run \
            that was cut off goes on where it was.
            """)

    @Flag(help: "Few steps, one turn, small batches: to try the program, not to measure.")
    var quick = false

    @Option(help: "Only this section; may be given several times.")
    var only: [Section] = []

    @Option(help: "How often each program has its turn (default: 5; --quick: 1).")
    var turns: Int?

    @Option(help: "The steps that are timed in a turn (default: 10; --quick: 2).")
    var steps: Int?

    @Option(help: "Threads of one operator (default: one a core).")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Where to compute: cpu, cuda or cuda:N.")
    var device = "cpu"

    @Option(help: "The folder of CIFAR-100 (default: $REVIEWKD_DATA, or data).")
    var data: String?

    @Option(help: "The teacher's weights for the epoch (default: fresh ones).")
    var teacher: String?

    @Option(help: "The program that is measured.")
    var reviewkd = ".build/release/reviewkd"

    @Option(help: "The Python that has PyTorch.")
    var python = ".venv-bench/bin/python"

    @Option(
        help: "The folder to write to (default: docs/results; --quick: Benchmarks/.build/quick).")
    var output: String?

    @Flag(help: "Measure nothing; write page and chart from speed.jsonl.")
    var render = false

    func validate() throws {
        for (name, value) in [
            ("--turns", turns ?? 1), ("--steps", steps ?? 1), ("--threads", threads),
        ]
        where value < 1 {
            throw ValidationError("\(name) is \(value), expected at least 1")
        }
    }

    func run() throws {
        Interruption.install()
        let folder = output ?? (quick ? "Benchmarks/.build/quick" : "docs/results")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let machine = try Machine(device: device)
        var log = try MeasurementLog(path: folder + "/speed.jsonl")
        let pages = Pages(folder: folder, plan: plan, notes: notes)
        if !render {
            let load = try Machine.load()
            if load > 0.5 {
                say("the load is \(load); figures taken while other programs run are worthless")
            }
            var benchmark = Benchmark(
                plan: plan, machine: machine,
                programs: try Programs(reviewkd: reviewkd, python: python), realData: realData,
                log: log)
            for section in Section.allCases where only.isEmpty || only.contains(section) {
                if let note = notes[section] { say("\(section.rawValue): \(note)") }
                try benchmark.run(section)
                try pages.write(
                    Results(
                        benchmark.log.measurements, revision: machine.revision,
                        machine: machine.text))
            }
            log = benchmark.log
        }
        let newest = log.measurements.last
        try pages.write(
            Results(
                log.measurements, revision: newest?.revision ?? machine.revision,
                machine: newest?.machine ?? machine.text))
        say("wrote \(folder)/speed.md")
    }

    private static let quickHeldOut = 49_000

    private var plan: Plan {
        let heldOut = quick ? Self.quickHeldOut : 0
        let epochSteps = RealData.steps(heldOut: heldOut, batchSize: Plan.recipeBatchSize)
        return Plan(
            device: device, threads: threads, steps: steps ?? (quick ? 2 : 10),
            turns: turns ?? (quick ? 1 : 5), batchSize: quick ? 16 : Plan.recipeBatchSize,
            batchSizes: quick ? [8, 16] : [32, 64, 128, 256, 512, 1024], epochSteps: epochSteps)
    }

    private var dataFolder: String {
        data ?? ProcessInfo.processInfo.environment["REVIEWKD_DATA"] ?? "data"
    }

    private var realData: RealData? {
        guard RealData.isThere(dataFolder) else { return nil }
        return RealData(
            folder: dataFolder, teacher: teacher, heldOut: quick ? Self.quickHeldOut : 0)
    }

    /// Why a section cannot run here.
    private var notes: [Section: String] {
        var notes: [Section: String] = [:]
        if realData == nil {
            notes[.epoch] =
                "Not run: CIFAR-100 was found neither in the folder that REVIEWKD_DATA names nor in "
                + "`data`; `reviewkd datasets fetch cifar100 --data data` gets it."
        }
        if device != "cpu" {
            notes[.threads] = "Not run: on a GPU the threads of the CPU are not what counts."
        }
        return notes
    }
}
