import ArgumentParser
import Foundation
import Terminal
import Torch
import TorchNN

extension Precision: ExpressibleByArgument {}

/// Where and with how many threads to compute.
package struct DeviceOptions: ParsableArguments {
    @Option(help: "Where to compute: cpu, cuda or cuda:N.")
    package var device = "cpu"

    @Flag(help: "Round the inputs of float32 products to TF32 on a card.")
    package var tf32 = false

    @Flag(inversion: .prefixedNo, help: "Run a training step on a card as one graph.")
    package var graph = true

    @Option(
        parsing: .unconditional, help: "Threads of one CPU operator (default: LibTorch's choice).",
        transform: wholeNumber)
    package var threads: Int?

    @Flag(help: "Give the same bits in every run on one machine. It costs nothing on the CPU.")
    package var deterministic = false

    /// Takes what the command line gives.
    package init() {}

    package func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError(
                "--threads is \(threads), expected 1 to 1024; leave it out for LibTorch's choice")
        }
        // Whether there is such a device is asked later: a process of several first chooses its card.
        do {
            _ = try Device.card(named: device)
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// Whether it is the processor.
    package var isProcessor: Bool { device == "cpu" }

    /// Whether the threads follow what the machine has to give.
    ///
    /// Processes of one machine would take each other for other programs.
    package func adaptsThreads(with processes: any ProcessGroup) -> Bool {
        threads == nil && processes.size == 1
    }

    /// Refuses more processes than this machine has cards, where they compute on cards.
    ///
    /// - Parameter processes: how many are to be started; each takes another card.
    /// - Throws: `DeviceError`, or `ValidationError`.
    package func requireCards(for processes: Int) throws {
        guard !isProcessor else { return }
        guard device == "cuda" else {
            throw ValidationError(
                "--device is \(device), but each of \(processes) processes takes another card; use --device cuda"
            )
        }
        _ = try Device(named: device)
        guard Runtime.cudaDeviceCount >= processes else {
            throw ValidationError(
                "--processes is \(processes), but this machine has \(Runtime.cudaDeviceCount) card(s); use at most that many"
            )
        }
    }

    /// Divides the processors among the processes of this machine, where the number of threads is not given.
    ///
    /// - Parameters:
    ///   - processes: how many this machine has.
    ///   - reserved: what a launcher has set aside for this one; nil where it said nothing.
    package func shareProcessors(among processes: Int, reserved: Int?) {
        guard threads == nil else { return }
        let all = ProcessInfo.processInfo.activeProcessorCount
        Runtime.setThreads(max(1, reserved.map { min($0, all) } ?? all / processes))
    }

    /// Sets the threads and finds the device.
    package func resolve() throws -> Device {
        try Processor.current.requireWantedKernels()
        if let threads {
            let processors = ProcessInfo.processInfo.activeProcessorCount
            if threads > processors {
                printError(
                    "note: \(threads) threads share \(processors) processor(s), which slows every step; "
                        + "--threads \(processors) is faster")
            }
            Runtime.setThreads(threads)
        }
        if deterministic { Runtime.requireDeterminism(true) }
        Runtime.allowTF32(tf32)
        return try Device(named: device)
    }
}

extension Precision {
    /// Tells the user where this precision is slower than it need be.
    package func noteEmulation(on device: Device) {
        guard self == .bfloat16, device == .cpu, !Runtime.hasNativeBFloat16 else { return }
        printError(
            "note: without AVX512-BF16 (found: \(Runtime.cpuCapability)) bfloat16 is emulated and "
                + "slow; use --precision float32")
    }
}
