/// The programs that are timed in turn.
public enum Program: String, CaseIterable, Codable, Sendable {
    /// `reviewkd`.
    case ours

    /// PyTorch with `torch.compile` and all other tuning that it offers.
    case compile

    /// PyTorch as it comes.
    case plain

    /// The name in tables and charts.
    public var title: String {
        switch self {
        case .ours: "reviewkd"
        case .compile: "torch.compile"
        case .plain: "plain PyTorch"
        }
    }
}

/// A teacher and its student.
public enum Pair: String, CaseIterable, Codable, Sendable {
    /// ResNet-56 and ResNet-20.
    case small = "resnet56-resnet20"

    /// ResNet-32x4 and ResNet-8x4.
    case large = "resnet32x4-resnet8x4"

    /// The name in tables and charts.
    public var title: String {
        switch self {
        case .small: "ResNet-56 → ResNet-20"
        case .large: "ResNet-32x4 → ResNet-8x4"
        }
    }
}

/// What is timed.
public enum Work: String, CaseIterable, Codable, Sendable {
    /// A step with the teacher: forward, backward, update.
    case distill

    /// A step of the student alone.
    case train

    /// The student's forward pass.
    case evaluate

    /// An epoch on CIFAR-100 with augmentation, and the evaluation after it.
    case epoch

    /// A program that prints its version and ends.
    case version

    /// A program that makes a first step of distillation, three more, and ends.
    case firstSteps = "first-steps"

    /// The same where nothing was compiled before.
    case coldSteps = "cold-steps"
}

/// One thing that can be measured, whoever measures it and when.
public struct Setting: Codable, Hashable, Sendable {
    /// The networks.
    public var pair: Pair

    /// What is done with them.
    public var work: Work

    /// The method of distillation; nil for ReviewKD, and where there is none.
    public var method: String?

    /// The program that does it.
    public var program: Program

    /// Where it does it: `cpu`, `cuda` or `cuda:N`.
    public var device: String

    /// Images per step.
    public var batchSize: Int

    /// Threads of one operator.
    public var threads: Int

    /// How many steps are timed.
    public var steps: Int

    /// Makes a setting from its parts.
    public init(
        pair: Pair, work: Work, method: String? = nil, program: Program, device: String,
        batchSize: Int, threads: Int, steps: Int
    ) {
        self.pair = pair
        self.work = work
        self.method = method
        self.program = program
        self.device = device
        self.batchSize = batchSize
        self.threads = threads
        self.steps = steps
    }
}
