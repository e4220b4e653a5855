import Detectors
import Distillation
import TorchNN
import VisionData

/// Everything that determines a training run except the machine it runs on.
///
/// A recipe is one YAML file whose keys are the property names in snake case, decoded strictly: a key
/// that is unknown, or that would be ignored because of another value, is an error. Optional keys may
/// be left out or set to `null`.
public struct Recipe: Sendable, Equatable {
    /// The largest whole number that a key may have, but for the seed: 10⁹.
    ///
    /// A product of two such numbers, as epochs and batches, fits into `Int`.
    public static let largestNumber = largestConstant

    /// The name by which the recipe is found, such as `cifar100/resnet56-resnet20`.
    public var name: String
    /// What the recipe does, in one line.
    public var description: String
    /// What the networks see.
    public var dataset: DatasetSettings
    /// Which training images are held out.
    public var validation: ValidationSettings
    /// The network to learn from; `nil` when the student is trained alone.
    public var teacher: TeacherSettings?
    /// The network that is trained.
    public var student: StudentSettings
    /// What detectors do beside their weights; of no matter for other networks.
    public var detector = DetectorSettings()
    /// How the student learns.
    public var method: MethodSettings
    /// The update rule.
    public var optimizer: OptimizerSettings
    /// How the learning rate moves during the run.
    public var schedule: LearningRateShape
    /// The share of a label that is spread evenly over all classes, below 1; 0 by default.
    public var labelSmoothing = 0.0
    /// The mean of the student's weights that is kept beside them; `nil` for none.
    public var averaging: WeightAverage.Options?
    /// The number of passes over the training images, from 1 to `largestNumber`.
    public var epochs: Int
    /// Images in a training step, at least 1; the last batch of an epoch may be smaller.
    public var batchSize: Int
    /// Images evaluated at once, at least 1; 1000 by default, without influence on the result.
    public var evaluationBatchSize: Int
    /// The origin of every random number of the run, at least 0; 0 by default.
    public var seed: Int
    /// What a step does where several processes take it together.
    public var distributed = DistributedSettings()
    /// The arithmetic of forward and backward passes; `nil` leaves it to the command line and machine.
    public var precision: Precision?

    /// Whether its networks are detectors.
    public var isDetection: Bool { dataset.images.hasObjects }
}
