import ArgumentParser
import Basics
import Foundation
import Remedies
import Terminal
import Torch
import TorchDistributed
import Training

/// How many processes work together, and how long they wait for each other.
package struct ProcessOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "Start this many processes on this machine, which share the work.",
        transform: wholeNumber)
    package var processes: Int?

    @Option(
        parsing: .unconditional,
        help: "Seconds to wait for another process before all end (default: 60).",
        transform: wholeNumber)
    package var timeout: Int?

    /// Takes what the command line gives.
    package init() {}

    package func validate() throws {
        try requireRanges([
            ("--processes", processes, 1...1024), ("--timeout", timeout, 1...86_400),
        ])
    }

    /// Does the work of a command in one process, or in each of several.
    ///
    /// A launcher tells of the others in the environment. Without one, `--processes` starts copies of this program,
    /// and this process then waits for them. Processes with a rank above 0 say nothing but why they fail.
    ///
    /// - Parameters:
    ///   - device: the options of the device; the processes of a machine share its processors.
    ///   - body: the work.
    /// - Throws: what `body` throws, and where processes do not come together.
    package func run(
        on device: DeviceOptions, _ body: (any ProcessGroup) throws -> Void
    ) throws {
        let variables = ProcessInfo.processInfo.environment
        let isCopy = LocalProcesses.isCopy(variables)
        let environment = try LaunchEnvironment.read(variables)
        if let processes, processes > 1, !isCopy {
            guard environment == nil else {
                throw ValidationError(
                    "--processes starts processes, but a launcher has started this one already (WORLD_SIZE and the "
                        + "like are set); leave it out")
            }
            try device.requireCards(for: processes)
            return try startCopies(processes)
        }
        guard let environment else { return try body(SingleProcess()) }
        if !device.isProcessor { try chooseCard(in: environment, variables) }
        device.shareProcessors(
            among: environment.localSize ?? 1, reserved: environment.processors)
        let group = try DistributedGroup(
            environment, timeout: Double(timeout ?? 60), device: Device(named: device.device))
        let isFirst = group.rank == 0
        Streams.mute(!isFirst)
        defer { Streams.mute(false) }
        do {
            try body(group)
            try group.finish()
        } catch let end as ExitCode {
            // All processes end in this way, together.
            try group.finish()
            throw end
        } catch {
            let error = FileError(foundation: error) ?? error
            group.leave(because: error, told(error))
            throw isFirst || error is ValidationError
                ? error : RankedError(rank: group.rank, text: told(error))
        }
    }

    /// Refuses to do the work of a command several times, where a launcher has started several processes.
    ///
    /// - Parameter command: one that works in one process.
    /// - Throws: `TrainingError.oneProcess`, or `LaunchError`.
    package static func requireOne(for command: String) throws {
        guard let environment = try LaunchEnvironment.read(ProcessInfo.processInfo.environment)
        else { return }
        throw TrainingError.oneProcess(what: "`\(command)`", processes: environment.size)
    }

    /// Lets this process see its card alone, before anything asks for cards.
    private func chooseCard(
        in environment: LaunchEnvironment, _ variables: [String: String]
    ) throws {
        let name = "CUDA_VISIBLE_DEVICES"
        guard environment.localRank != nil else {
            throw ValidationError(
                "LOCAL_RANK is not set, by which each process of a machine takes another card; set it to 0, 1 and so on"
            )
        }
        guard let card = environment.card(among: variables[name]) else {
            throw ValidationError(
                "\(name) is \(variables[name] ?? ""), too few cards for \(environment.localSize ?? 1) processes of "
                    + "this machine; start one for each")
        }
        setenv(name, card, 1)
    }

    private func startCopies(_ count: Int) throws {
        Interruption.install()
        let status = try LocalProcesses.run(
            count, of: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
            arguments: Array(CommandLine.arguments.dropFirst()),
            interruption: { Interruption.signal })
        if status != 0 { throw ExitCode(status) }
    }
}

/// An error of a process whose rank is not 0.
private struct RankedError: Error, CustomStringConvertible {
    let rank: Int
    let text: String

    var description: String { "rank \(rank): \(text)" }
}
