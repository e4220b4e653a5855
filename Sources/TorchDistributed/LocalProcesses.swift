import CDistributed
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Copies of a program on one machine, which find each other.
///
/// The process that starts them has their store, as torchrun's agent does, so that it outlives any of them. It ends
/// all of them when one fails, and they end when it is killed.
public struct LocalProcesses {
    /// Where a copy finds the number of the process that started it.
    static let parentVariable = "REVIEWKD_PARENT"

    /// A process that ended.
    private struct Ended {
        let rank: Int
        let status: Int32

        /// The signal that killed it; 0 where it ended by itself.
        var signal: Int32 { status & 0x7f }

        /// What it returned.
        var exitStatus: Int32 { (status >> 8) & 0xff }
    }

    private let store: ProcessStore
    private var running: [Int32: Int] = [:]

    /// Whether this process is such a copy.
    ///
    /// It then ends when the one that started it does.
    ///
    /// - Parameter variables: the environment.
    /// - Returns: false where it is none.
    public static func isCopy(_ variables: [String: String]) -> Bool {
        guard let parent = variables[parentVariable].flatMap({ Int32($0) }) else { return false }
        if !cd_end_with_parent(parent) { raise(SIGKILL) }
        return true
    }

    /// Starts copies and waits for their end.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - program: the program's file.
    ///   - arguments: its arguments, the program's name not among them.
    ///   - interruption: a signal that is to be passed on, 0 for none; asked again and again.
    /// - Returns: the exit status: that of the copy that failed first, or of all.
    /// - Throws: `LaunchError`, or `ProcessGroupError` where there is no store.
    public static func run(
        _ count: Int, of program: String, arguments: [String],
        interruption: @escaping () -> Int32
    ) throws -> Int32 {
        // A program inherits an ignored SIGCHLD, which would take the ends of the copies away.
        Glibc.signal(SIGCHLD, SIG_DFL)
        let store = try ProcessStore(host: "127.0.0.1", port: 0, isServer: true, waiting: 10)
        var processes = LocalProcesses(store: store)
        for rank in 0..<count {
            do {
                try processes.start(program, arguments, rank: rank, of: count)
            } catch {
                processes.signal(SIGKILL)
                throw error
            }
        }
        return try processes.wait(interruption)
    }

    private init(store: ProcessStore) { self.store = store }

    private mutating func start(
        _ program: String, _ arguments: [String], rank: Int, of count: Int
    ) throws(LaunchError) {
        var variables = ProcessInfo.processInfo.environment
        variables["RANK"] = "\(rank)"
        variables["LOCAL_RANK"] = "\(rank)"
        variables["WORLD_SIZE"] = "\(count)"
        variables["LOCAL_WORLD_SIZE"] = "\(count)"
        variables["MASTER_ADDR"] = "127.0.0.1"
        variables["MASTER_PORT"] = "\(store.port)"
        variables["TORCHELASTIC_USE_AGENT_STORE"] = "True"
        variables["TORCHELASTIC_RESTART_COUNT"] = "0"
        variables[Self.parentVariable] = "\(getpid())"
        // The machine's own name may lead to another address, or nowhere.
        if variables["GLOO_SOCKET_IFNAME"] == nil { variables["GLOO_SOCKET_IFNAME"] = "lo" }
        let environment = variables.map { "\($0.key)=\($0.value)" }
        let process = withCStrings([program] + arguments) { arguments in
            withCStrings(environment) { cd_start(program, arguments, $0) }
        }
        guard process > 0 else {
            throw .noProgram(path: program, reason: String(cString: strerror(errno)))
        }
        running[process] = rank
    }

    private func signal(_ signal: Int32) { for process in running.keys { kill(process, signal) } }

    private mutating func wait(_ interruption: () -> Int32) throws -> Int32 {
        var passed: Int32 = 0
        var failed: Ended?
        var failedAt = ContinuousClock.now
        var harshest: Int32 = 0
        while !running.isEmpty {
            while let ended = nextEnded() {
                // A signal that was passed on may have come before the copy was ready for it.
                let isInOrder =
                    ended.signal == 0
                    ? [0, passed == 0 ? 0 : 128 + passed].contains(ended.exitStatus)
                    : ended.signal == passed
                guard !isInOrder, failed == nil else { continue }
                failed = ended
                failedAt = .now
                try tell(of: ended)
            }
            let wanted = interruption()
            if wanted != 0, passed == 0 {
                passed = wanted
                signal(wanted)
            }
            if failed != nil {
                // The others learn of it and end by themselves, and say why.
                let waited = ContinuousClock.now - failedAt
                for (limit, strength) in [(Duration.seconds(5), SIGTERM), (.seconds(8), SIGKILL)]
                where waited > limit && harshest != strength && harshest != SIGKILL {
                    harshest = strength
                    signal(strength)
                }
            }
            usleep(20_000)
        }
        guard let failed else { return passed == 0 ? 0 : 128 + passed }
        guard failed.signal == 0 else {
            throw LaunchError.killed(rank: failed.rank, signal: failed.signal)
        }
        return failed.exitStatus
    }

    /// Tells the others why a process that was killed is not there any more.
    private func tell(of ended: Ended) throws(ProcessGroupError) {
        guard ended.signal != 0 else { return }
        try store.prefixed(groupPrefix(attempt: 0)).set(
            endKey(ended.rank), Array("it was killed by \(signalName(ended.signal)).".utf8))
    }

    private mutating func nextEnded() -> Ended? {
        for (process, rank) in running {
            var status: Int32 = 0
            guard waitpid(process, &status, WNOHANG) == process else { continue }
            running[process] = nil
            return Ended(rank: rank, status: status)
        }
        return nil
    }
}

/// Lends texts as an array of C that ends in null.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}
