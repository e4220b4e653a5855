import Basics
import Machine
import Torch

/// Tells, once in a run on the CPU, that other work takes its processors.
///
/// A card's steps are queued in groups whose times say nothing about one step.
struct BusyMachine {
    private var slowdown = SlowdownWatch()
    private var waiting = WaitingWatch()
    private var isTold = false
    private var isAdapting = false

    /// What tells the times of this process's threads.
    var times: () -> WaitingWatch.Times? = { .ofThisProcess() }

    /// Takes in a change of the number of threads.
    ///
    /// - Parameters:
    ///   - threads: how many the next step has.
    ///   - most: how many the run has on a free machine.
    /// - Returns: one sentence, once.
    mutating func remark(onThreads threads: Int, of most: Int) -> FewerThreadsRemark? {
        guard !isAdapting else { return nil }
        isAdapting = true
        return FewerThreadsRemark(threads: threads, most: most)
    }

    /// Takes in a step.
    ///
    /// - Parameter seconds: how long it took.
    /// - Returns: one sentence that says what to do; nil where there is nothing to say.
    mutating func remark(afterStepOf seconds: Double) -> BusyMachineRemark? {
        guard !isTold else { return nil }
        // Where the threads follow the machine, waiting is what they follow.
        let share = isAdapting ? nil : waiting.add(seconds: seconds, times)
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

/// That a run goes on with fewer threads.
struct FewerThreadsRemark: Sendable, CustomStringConvertible {
    let threads: Int
    let most: Int

    /// What happened, and that nothing is to be done.
    var description: String {
        "other programs use the same processors. Steps now take \(threads) of \(most) threads, and more again "
            + "when processors are free."
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
    package var description: String {
        func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }
        let factor = (last / first * 10).rounded() / 10
        return "the steps of this run now take \(factor) times as long as at its start "
            + "(\(milliseconds(last)) instead of \(milliseconds(first)))"
    }
}
