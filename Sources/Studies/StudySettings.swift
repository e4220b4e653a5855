import Distillation
import TensorFiles
import Torch
import TorchNN
import Training

/// What a study has beside its cells.
public struct StudySettings: Sendable {
    /// The folder of results, tables and runs.
    public var output: String

    /// The folder that holds the data set's folder, or that folder.
    public var data: String?

    /// The folder in which the teachers' weights are looked for.
    public var teachers: String?

    /// What else its user gives and may have put into the study's folder: a recipe, results to merge.
    public var otherFiles: [String] = []

    /// Where in the teachers' files the weights are.
    public var weightsKey = WeightsKey()

    /// How teachers that are not there are trained.
    public var schedule = StudySchedule.paper

    /// The arithmetic of all runs.
    public var precision = Precision.float32

    /// Where to compute.
    public var device = Device.cpu

    /// Those who do each run together; the one with rank 0 has the folder, and the others are its `StudyHelper`.
    public var processes: any ProcessGroup = SingleProcess()

    /// Whether a card runs a step as one graph.
    public var usesGraph = true

    /// Whether the CPU's threads follow what the machine has to give, where one cell runs at a time.
    public var adaptsThreads = false

    /// How many cells run at once; on the CPU they share its threads.
    public var jobs = 1

    /// How many students of one teacher take their steps in turn on the CPU, so that its work on a batch
    /// is done once; their results then come together.
    public var together = 4

    /// How many steps lie between checkpoints beside those of every epoch's end.
    public var checkpointEvery: Int?

    /// The revision of the code.
    public var revision = "unknown"

    /// A signal that asks to end, 0 for none.
    public var interruption: @Sendable () -> Int32 = { 0 }

    /// Where the results lie.
    var resultsPath: String { output + "/results.jsonl" }

    /// What all its runs have in common.
    package var run: RunOptions {
        var options = RunOptions()
        options.device = device
        options.processes = processes
        options.usesGraph = usesGraph
        options.checkpointEvery = checkpointEvery
        options.resume = true
        options.expectsRun = false
        options.revision = revision
        options.interruption = interruption
        return options
    }

    /// Starts from a folder.
    public init(output: String) { self.output = output }
}

/// What a study tells while it goes on.
public enum StudyEvent: Sendable {
    /// Something a user should know.
    case remark(Remark)

    /// Something that is probably wrong, and does not end the study.
    case warning(Remark)

    /// A cell's run goes on.
    case training(Cell.Key, TrainingEvent)

    /// A cell is done, as the given one of so many.
    case finished(CellResult, done: Int, of: Int)

    /// A cell failed; the others go on.
    case failed(Cell.Key, any Error)
}

/// How a study ended without an error.
public enum StudyOutcome: Sendable, Equatable {
    /// Every cell has a result.
    case finished

    /// A signal asked it to end; everything is saved.
    case interrupted(signal: Int32)

    /// The signal; 0 for none.
    var signal: Int32 {
        switch self {
        case .finished: 0
        case .interrupted(let signal): signal
        }
    }
}
