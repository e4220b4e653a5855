/// The parts of the benchmark.
public enum Section: String, CaseIterable, Sendable {
    /// Two pairs, three works, three programs.
    case pairs

    /// Every method of distillation, ours and in plain PyTorch.
    case methods

    /// How the cost of a step grows with the batch.
    case batches

    /// How it falls with threads.
    case threads

    /// An epoch on real data.
    case epoch

    /// How long a program takes to begin.
    case startup

    /// The peak memory of the runs of `pairs`.
    case memory
}

/// What is measured, and how often.
public struct Plan: Sendable {
    /// Where steps are computed.
    public let device: String

    /// Threads of one operator, but for the section about them.
    public let threads: Int

    /// The steps that are timed in one run.
    public let steps: Int

    /// How often each program has its turn.
    public let turns: Int

    /// Images per step, but for the sections about batch sizes and the epoch.
    public let batchSize: Int

    /// The batch sizes of the section about them.
    public let batchSizes: [Int]

    /// The steps of an epoch on real data.
    public let epochSteps: Int

    /// Makes a plan from its parts.
    public init(
        device: String, threads: Int, steps: Int, turns: Int,
        batchSize: Int = Plan.recipeBatchSize,
        batchSizes: [Int] = [32, 64, 128, 256, 512, 1024], epochSteps: Int = 391
    ) {
        self.device = device
        self.threads = threads
        self.steps = steps
        self.turns = turns
        self.batchSize = batchSize
        self.batchSizes = batchSizes
        self.epochSteps = epochSteps
    }

    /// The authors' batch size, which the recipes have.
    public static let recipeBatchSize = 128

    /// The numbers of threads of the section about them.
    public static let threadCounts = [1, 2]

    /// The methods, ReviewKD first.
    public static let methods: [String?] = [
        nil, "kd", "fitnet", "at", "sp", "rkd", "pkt", "vid", "crd", "ofd", "dkd", "dist",
    ]

    /// The settings of a section, in groups whose members are measured in turn.
    public func groups(of section: Section) -> [[Setting]] {
        switch section {
        case .pairs, .memory:
            Pair.allCases.flatMap { pair in
                [Work.distill, .train, .evaluate].map { group($0, pair: pair) }
            }
        case .methods:
            Self.methods.map { method in
                group(.distill, method: method).filter { $0.program != .compile }
            }
        case .batches: batchSizes.map { group(.distill, batchSize: $0) }
        case .threads:
            device == "cpu" ? Self.threadCounts.map { group(.distill, threads: $0) } : []
        case .epoch: [[setting(.epoch, program: .ours, batchSize: Self.recipeBatchSize)]]
        case .startup:
            [
                group(.version).filter { $0.program != .compile },
                group(.coldSteps).filter { $0.program != .plain },
                group(.firstSteps),
            ]
        }
    }

    /// How often each program has its turn in a section.
    public func turns(of section: Section) -> Int {
        switch section {
        case .pairs, .threads, .memory: turns
        case .methods, .batches, .epoch, .startup: min(turns, 3)
        }
    }

    /// One work's setting for every program.
    func group(
        _ work: Work, pair: Pair = .small, method: String? = nil, batchSize: Int? = nil,
        threads: Int? = nil
    ) -> [Setting] {
        Program.allCases.map {
            setting(
                work, pair: pair, method: method, program: $0, batchSize: batchSize,
                threads: threads)
        }
    }

    /// The setting of one program.
    func setting(
        _ work: Work, pair: Pair = .small, method: String? = nil, program: Program,
        batchSize: Int? = nil, threads: Int? = nil
    ) -> Setting {
        let images = batchSize ?? self.batchSize
        let timed =
            switch work {
            case .epoch: epochSteps
            case .version: 0
            case .firstSteps, .coldSteps: 1
            case .distill, .train, .evaluate:
                isSlow(program, pair: pair, batchSize: images)
                    ? min(steps, max(steps / 3, 3)) : steps
            }
        return Setting(
            pair: pair, work: work, method: method, program: program, device: device,
            batchSize: images,
            threads: threads ?? self.threads, steps: timed)
    }

    /// Whether a step takes seconds on a CPU, so that a third of the steps must do.
    private func isSlow(_ program: Program, pair: Pair, batchSize: Int) -> Bool {
        device == "cpu" && program == .plain && (pair == .large || batchSize >= 512)
    }
}
