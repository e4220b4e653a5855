/// What a launcher tells a process of the others, in the environment.
///
/// Read are the variables of torchrun and of Kubernetes' PyTorchJob, which are also those that one sets by hand, then
/// those of Open MPI, then those of a step of Slurm.
///
/// Reference: <https://docs.pytorch.org/docs/stable/elastic/run.html>, *Environment Variables*;
/// <https://slurm.schedmd.com/srun.html>, *Output Environment Variables*;
/// <https://docs.open-mpi.org/en/main/tuning-apps/environment-var.html>.
public struct LaunchEnvironment: Sendable, Equatable {
    /// This process's place among all, from 0.
    public let rank: Int

    /// How many processes there are on all machines.
    public let size: Int

    /// This process's place on its machine; nil where nothing says it.
    public let localRank: Int?

    /// How many processes its machine has; nil where nothing says it.
    public let localSize: Int?

    /// How many processors the launcher has set aside for this process; nil where nothing says it.
    public let processors: Int?

    /// The machine that has the store, or a file as `file:///path`.
    public let host: String

    /// The port of the store.
    public let port: Int

    /// How often the launcher has started the processes before; a store that it keeps has the keys of then.
    public let attempt: Int

    /// Whether the launcher has the store; else rank 0 serves it.
    public let isStoreServed: Bool

    /// Gathers what is known.
    public init(
        rank: Int, size: Int, localRank: Int? = nil, localSize: Int? = nil,
        processors: Int? = nil, host: String, port: Int, attempt: Int = 0,
        isStoreServed: Bool = false
    ) {
        self.rank = rank
        self.size = size
        self.localRank = localRank
        self.localSize = localSize
        self.processors = processors
        self.host = host
        self.port = port
        self.attempt = attempt
        self.isStoreServed = isStoreServed
    }

    /// The file that is the store, where one is.
    public var file: String? {
        host.hasPrefix("file:///") ? String(host.dropFirst("file://".count)) : nil
    }

    /// The card that this process is to see alone, as a value of `CUDA_VISIBLE_DEVICES`.
    ///
    /// Each process of a machine has another card. A launcher that has given it one card has chosen already.
    ///
    /// - Parameter visible: the variable's value; nil where it is not set.
    /// - Returns: nil where the machine has more processes than cards to be seen.
    public func card(among visible: String?) -> String? {
        let place = localRank ?? 0
        guard let visible else { return "\(place)" }
        let cards = visible.split(separator: ",").map(String.init)
        if cards.count == 1 { return cards[0] }
        return cards.indices.contains(place) ? cards[place] : nil
    }

    /// Reads an environment.
    ///
    /// - Parameter variables: the environment.
    /// - Returns: nil where the process is alone.
    /// - Throws: `LaunchError` where something is missing or makes no sense.
    public static func read(
        _ variables: [String: String]
    ) throws(LaunchError) -> LaunchEnvironment? {
        let reader = Reader(variables: variables)
        if variables["WORLD_SIZE"] != nil || variables["RANK"] != nil {
            return try reader.torchrun()
        }
        if variables["OMPI_COMM_WORLD_SIZE"] != nil { return try reader.openMPI() }
        // The variables of a job alone are also there where nothing else was started.
        if variables["SLURM_STEP_NUM_TASKS"] != nil, variables["SLURM_PROCID"] != nil {
            return try reader.slurm()
        }
        return nil
    }
}

/// Reads the variables of the launchers.
private struct Reader {
    let variables: [String: String]

    func torchrun() throws(LaunchError) -> LaunchEnvironment? {
        let size = try required("WORLD_SIZE", in: 1...1_000_000, since: "RANK")
        let rank = try required("RANK", in: 0...(size - 1), since: "WORLD_SIZE")
        guard size > 1 else { return nil }
        let host = try address(since: "WORLD_SIZE")
        return LaunchEnvironment(
            rank: rank, size: size, localRank: try number("LOCAL_RANK", in: 0...(size - 1)),
            localSize: try number("LOCAL_WORLD_SIZE", in: 1...size), host: host,
            port: host.hasPrefix("file:///")
                ? 0 : try required("MASTER_PORT", in: 1...65535, since: "WORLD_SIZE"),
            attempt: try number("TORCHELASTIC_RESTART_COUNT", in: 0...Int.max) ?? 0,
            isStoreServed: variables["TORCHELASTIC_USE_AGENT_STORE"] == "True")
    }

    func openMPI() throws(LaunchError) -> LaunchEnvironment? {
        let since = "OMPI_COMM_WORLD_SIZE"
        let size = try required(since, in: 1...1_000_000, since: since)
        let rank = try required("OMPI_COMM_WORLD_RANK", in: 0...(size - 1), since: since)
        guard size > 1 else { return nil }
        let localSize = try number("OMPI_COMM_WORLD_LOCAL_SIZE", in: 1...size)
        return LaunchEnvironment(
            rank: rank, size: size,
            localRank: try number("OMPI_COMM_WORLD_LOCAL_RANK", in: 0...(size - 1)),
            localSize: localSize,
            host: localSize == size && variables["MASTER_ADDR"] == nil
                ? "127.0.0.1" : try address(since: since),
            port: try number("MASTER_PORT", in: 1...65535) ?? 29500)
    }

    func slurm() throws(LaunchError) -> LaunchEnvironment? {
        let since = "SLURM_STEP_NUM_TASKS"
        let size = try required(since, in: 1...1_000_000, since: since)
        let rank = try required("SLURM_PROCID", in: 0...(size - 1), since: since)
        guard size > 1 else { return nil }
        guard let host = variables["MASTER_ADDR"] ?? firstNode else {
            throw .missing("SLURM_STEP_NODELIST", since: since, value: "\(size)")
        }
        // Jobs that share a machine have ports of their own, below those that the system gives to clients.
        let job = try number("SLURM_JOB_ID", in: 0...Int.max) ?? 0
        return LaunchEnvironment(
            rank: rank, size: size, localRank: try number("SLURM_LOCALID", in: 0...(size - 1)),
            localSize: try tasksOfThisNode(),
            processors: try number("SLURM_CPUS_PER_TASK", in: 1...65536), host: host,
            port: try number("MASTER_PORT", in: 1...65535) ?? 20_000 + job % 10_000)
    }

    /// The first of a list of nodes, such as `gpu[03-05,9],login1`.
    private var firstNode: String? {
        guard let list = variables["SLURM_STEP_NODELIST"], !list.isEmpty else { return nil }
        let name = list.prefix { !"[,".contains($0) }
        let others = list.dropFirst(name.count)
        guard others.hasPrefix("[") else { return String(name) }
        let number = others.dropFirst().prefix { !"],-".contains($0) }
        let rest = others.drop { $0 != "]" }.dropFirst().prefix { $0 != "," }
        return String(name) + String(number) + String(rest)
    }

    /// The number for this node in a list such as `2(x3),1`; nil where nothing says it.
    private func tasksOfThisNode() throws(LaunchError) -> Int? {
        guard let list = variables["SLURM_STEP_TASKS_PER_NODE"],
            let node = try number("SLURM_NODEID", in: 0...Int.max)
        else { return nil }
        var first = 0
        for part in list.split(separator: ",") {
            let pieces = part.split { !$0.isNumber }
            guard let tasks = pieces.first.flatMap({ Int($0) }) else { return nil }
            first += pieces.dropFirst().first.flatMap { Int($0) } ?? 1
            if node < first { return tasks }
        }
        return nil
    }

    private func address(since cause: String) throws(LaunchError) -> String {
        guard let host = variables["MASTER_ADDR"], !host.isEmpty else {
            throw .missing("MASTER_ADDR", since: cause, value: variables[cause] ?? "")
        }
        return host
    }

    private func required(
        _ name: String, in range: ClosedRange<Int>, since cause: String
    ) throws(LaunchError) -> Int {
        guard let number = try number(name, in: range) else {
            throw .missing(name, since: cause, value: variables[cause] ?? "")
        }
        return number
    }

    private func number(
        _ name: String, in range: ClosedRange<Int>
    ) throws(LaunchError) -> Int? {
        guard let text = variables[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .outOfRange(name, found: text, least: range.lowerBound, most: range.upperBound)
        }
        return number
    }
}
