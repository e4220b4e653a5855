import Basics

/// An environment from which a process cannot tell which others there are, or copies that cannot be started.
public enum LaunchError: Error, Equatable, CustomStringConvertible {
    case missing(String, since: String, value: String)
    case outOfRange(String, found: String, least: Int, most: Int)
    case noProgram(path: String, reason: String)
    case killed(rank: Int, signal: Int32)

    /// What was expected, what was found, and the remedy.
    public var description: String { sentences(problem, remedy) }

    /// The same without the remedy.
    package var problem: String {
        switch self {
        case .missing(let name, let cause, let value):
            "\(cause) is \(value), but \(name) is not set. Expected \(Self.meaning(of: name))."
        case .outOfRange(let name, let found, let least, let most):
            "\(name) is '\(found)'. Expected \(Self.range(least, most))."
        case .noProgram(let path, let reason): "\(path) cannot be started: \(reason)."
        case .killed(let rank, let signal):
            "rank \(rank) was killed by \(signalName(signal)), and all other processes have ended with it."
        }
    }

    private var remedy: String {
        switch self {
        case .missing, .outOfRange:
            "set what every process has to know (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT), or unset "
                + "all of it to run one process"
        case .noProgram: "check the file"
        case .killed:
            "see what ended it, such as a lack of memory (dmesg), and go on from the last checkpoint"
        }
    }

    private static func meaning(of name: String) -> String {
        switch name {
        case "MASTER_ADDR": "the address of the machine of rank 0"
        case "MASTER_PORT": "a free port of the machine of rank 0"
        case "RANK": "the place of this process, from 0"
        case "WORLD_SIZE": "the number of all processes"
        default: "it beside that"
        }
    }

    private static func range(_ least: Int, _ most: Int) -> String {
        most == Int.max ? "a whole number from \(least)" : "a whole number from \(least) to \(most)"
    }
}

/// A signal's number and name, as `signal 9 (SIGKILL)`.
func signalName(_ signal: Int32) -> String {
    let names: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
        9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM",
    ]
    return "signal \(signal)" + (names[signal].map { " (\($0))" } ?? "")
}
