import RunRecords
import Torch
import VisionData

/// What a user should know: a text, or a value to whose text a program can add what its own user can do.
public typealias Remark = any CustomStringConvertible & Sendable

/// What a run tells while it goes on.
public enum TrainingEvent: Sendable {
    /// Something a user should know.
    case remark(Remark)

    /// Something that is probably wrong, and does not end the run.
    case warning(Remark)

    /// A step is done; a card tells of its steps in groups.
    case step(StepReport)

    /// A part of the images of an evaluation is done.
    case evaluation(done: Int, of: Int)

    /// An epoch is done, evaluated and recorded.
    case epoch(EpochRecord, of: Int)
}

/// The state of a run after a step.
public struct StepReport: Sendable {
    /// The epoch, from 1.
    public let epoch: Int

    /// How many epochs there are.
    public let epochs: Int

    /// How many steps of the epoch are done.
    public let stepInEpoch: Int

    /// How many steps an epoch has.
    public let stepsPerEpoch: Int

    /// The unweighted loss terms of the step.
    public let terms: [(name: String, value: Double)]

    /// What is counted beside the losses, over the epoch so far, as `top1` in percent.
    public let measures: [(name: String, value: Double)]

    /// Training images per second in this epoch, since the run was started or resumed.
    public let imagesPerSecond: Double

    /// Seconds until the run is done or has reached its `maxSteps` at this speed, evaluation excluded.
    public let secondsLeft: Double
}

/// How a run ended without an error.
public enum TrainingOutcome: Sendable, Equatable {
    /// All epochs are done.
    case finished

    /// All epochs had been done before.
    case alreadyFinished

    /// `RunOptions.maxSteps` was reached.
    case stopped(step: Int)

    /// A signal asked the run to end; everything is saved.
    case interrupted(signal: Int32, step: Int)
}

/// The images of a run, opened for its device.
public struct TrainingData: Sendable {
    /// To learn from.
    public let train: any ImageSource

    /// To be judged by.
    public let test: any ImageSource

    /// Gathers the two sets.
    public init(train: any ImageSource, test: any ImageSource) {
        self.train = train
        self.test = test
    }
}

/// What a run has beside its recipe.
public struct RunOptions: Sendable {
    /// The output folder; nil keeps everything in memory.
    public var output: String?

    /// Where to compute.
    public var device = Device.cpu

    /// Those who train beside this process.
    ///
    /// All but the one with rank 0 are to have no `output`: they get their state from it.
    public var processes: any ProcessGroup = SingleProcess()

    /// Whether a card runs a step as one graph; else operator by operator.
    public var usesGraph = true

    /// Whether the CPU's threads follow what the machine has to give, where the bits do not depend on their
    /// number.
    public var adaptsThreads = false

    /// The step to stop after.
    public var maxSteps: Int?

    /// How many steps lie between checkpoints beside those of every epoch's end.
    public var checkpointEvery: Int?

    /// Whether to go on with a run in the folder.
    public var resume = false

    /// Whether a run that is to be resumed is expected to be there, so that a remark says where none is.
    public var expectsRun = true

    /// Whether the test set is evaluated after every epoch, or after the last one alone.
    public var evaluatesEveryEpoch = true

    /// The revision of the code, for the run's records.
    public var revision: String?

    /// The SHA-256 of the teacher's file.
    public var teacherDigest: String?

    /// The teacher's accuracy in percent, where it was measured already.
    public var teacherTop1: Double?

    /// The SHA-256 of the file that the student starts from; nil where it starts anew.
    public var studentWeightsDigest: String?

    /// A signal that asks the run to end, 0 for none; asked after every step, on a card after every group of them.
    public var interruption: @Sendable () -> Int32 = { 0 }

    /// Nothing but the defaults.
    public init() {}
}
