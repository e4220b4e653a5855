import Distillation

/// The images of a run and how they are prepared.
public struct DatasetSettings: Sendable, Equatable {
    /// The data sets a recipe can name.
    public enum Name: String, Sendable, CaseIterable {
        /// 100 classes of 32×32 colour images.
        case cifar100
        /// 10 classes of 32×32 colour images.
        case cifar10
        /// The data set that the program draws itself.
        case procedural
    }

    /// The data set.
    public var name: Name
    /// The student's normalisation; the data set's own by default, required for `procedural`.
    public var normalization: NormalizationSettings
    /// Random changes to training images.
    public var augmentation: AugmentationSettings
}

/// The mean and deviation by which colours are centred and scaled.
public enum NormalizationSettings: Sendable, Equatable {
    /// CIFAR-100's own statistics.
    case cifar100
    /// CIFAR-10's statistics, which the authors of ReviewKD use on CIFAR-100 too.
    case cifar10
    /// Red, green and blue as fractions of full intensity; deviations are above 0.
    case custom(mean: [Double], std: [Double])
}

/// Random changes to training images, drawn anew for every image and epoch.
public struct AugmentationSettings: Sendable, Equatable {
    /// Zero pixels added on every side before a random crop of the original size; 4 by default.
    public var cropPadding: Int
    /// Whether every second image, at random, is mirrored left to right; true by default.
    public var flip: Bool
}

/// Training images that are held out to choose the best epoch.
public struct ValidationSettings: Sendable, Equatable {
    /// The number of images held out; 0, the default, trains on all and keeps the last epoch.
    public var split: Int
}

/// The network to learn from.
public struct TeacherSettings: Sendable, Equatable {
    /// The model's name, such as `resnet56`.
    public var model: String
    /// The statistics of the batch norms; `frozen` by default.
    public var batchNorm: Teacher.BatchNormMode
    /// The normalisation that the teacher was trained with; the data set's by default.
    public var normalization: NormalizationSettings
}

/// The network that is trained.
public struct StudentSettings: Sendable, Equatable {
    /// The model's name, such as `resnet20`.
    public var model: String
}

/// The update rule.
public struct OptimizerSettings: Sendable, Equatable {
    /// The update rules a recipe can name.
    public enum Name: String, Sendable, CaseIterable {
        /// Stochastic gradient descent as PyTorch defines it.
        case sgd
    }

    /// The update rule; `sgd` by default.
    public var name: Name
    /// The highest rate of the run, above 0; the schedule multiplies it by at most 1.
    public var learningRate: Double
    /// The share of the last update kept, from 0 up to but not including 1; 0.9 by default.
    public var momentum: Double
    /// Whether the gradient is taken ahead of the momentum; true by default.
    public var nesterov: Bool
    /// The L2 penalty on every parameter, batch norms included; 0.0005 by default.
    public var weightDecay: Double
}

/// How the learning rate moves; every case multiplies the optimizer's learning rate.
public enum ScheduleSettings: Sendable, Equatable {
    /// The same rate throughout.
    case constant
    /// Multiplied by `factor` from each milestone on.
    ///
    /// A milestone is the first epoch, counted from 0, at the reduced rate. The authors' code names
    /// the last epoch before (150, 180, 210), which are the milestones 151, 181 and 211 here.
    case multistep(milestones: [Int], factor: Double)
    /// Rises from `startFactor` to 1 over `warmupFraction` of the steps, then falls to `finalFactor`.
    ///
    /// The defaults 0.3, 0.04 and 0.000004 are those of PyTorch's `OneCycleLR`.
    case onecycle(warmupFraction: Double, startFactor: Double, finalFactor: Double)
    /// Falls from 1 to `finalFactor`, 0 by default, along half a cosine over the steps.
    case cosine(finalFactor: Double)
}
