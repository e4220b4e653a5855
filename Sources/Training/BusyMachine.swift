import Basics
import Torch

/// Tells, once in a run on the CPU, that other work takes its processors.
///
/// A card's steps are queued in groups whose times say nothing about one step.
struct BusyMachine {
    private var slowdown = SlowdownWatch()
    private var waiting = WaitingWatch()
    private var isTold = false

    /// What tells the times of this process's threads.
    var times: () -> WaitingWatch.Times? = { .ofThisProcess() }

    /// Takes in a step.
    ///
    /// - Parameter seconds: how long it took.
    /// - Returns: one sentence that says what to do; nil where there is nothing to say.
    mutating func remark(afterStepOf seconds: Double) -> BusyMachineRemark? {
        guard !isTold else { return nil }
        let share = waiting.add(seconds: seconds, times)
        let slow = slowdown.add(seconds: seconds)
        let finding =
            if let slow { slow.description } else if let share {
                "the threads of this run wait for a processor during "
                    + "\(Int((100 * share).rounded())) % of their time"
            } else { nil as String? }
        guard let finding else { return nil }
        isTold = true
        return BusyMachineRemark(finding: finding, threads: Runtime.threads)
    }
}

/// What slows a run down.
package struct BusyMachineRemark: Sendable, CustomStringConvertible {
    /// What was found.
    let finding: String

    /// How many threads the run has.
    package let threads: Int

    /// The finding with what to do.
    package var description: String {
        sentences(
            problem, remedy + (threads > 1 ? ", or run with one thread, which suffers least" : ""))
    }

    /// The finding with its likely cause.
    package var problem: String {
        "\(finding). Other programs probably use the same processors."
    }

    /// What to do with any number of threads.
    package var remedy: String { "stop those" }
}

extension SlowdownWatch.Slowdown: CustomStringConvertible {
    /// The finding, without the remedy.
    var description: String {
        func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }
        let factor = (last / first * 10).rounded() / 10
        return "the steps of this run now take \(factor) times as long as at its start "
            + "(\(milliseconds(last)) instead of \(milliseconds(first)))"
    }
}
