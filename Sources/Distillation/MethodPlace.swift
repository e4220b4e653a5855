import Torch
import VisionModels

/// What methods are used for, as far as their published constants depend on it.
public struct MethodUse: Sendable {
    /// The names of the methods that are joined.
    public let names: [String]

    /// The teacher's model, where there is one.
    public let teacher: String?

    /// The student's model.
    public let student: String

    /// The length of the run.
    public let epochs: Int

    /// Whether the networks are detectors.
    public let isDetection: Bool

    /// Describes a use.
    public init(
        names: [String], teacher: String?, student: String, epochs: Int, isDetection: Bool = false
    ) {
        self.names = names
        self.teacher = teacher
        self.student = student
        self.epochs = epochs
        self.isDetection = isDetection
    }

    /// Over how many epochs a weight grows: 20 of the published 240, the same share of fewer, rounded to
    /// the nearest and ended before the last.
    public var warmupEpochs: Int { min(20, Int((Double(epochs) / 12).rounded()), epochs - 1) }
}

/// What a method may have to know of the training images.
public struct ImageFacts: Sendable {
    /// The height of an image.
    public var size: Int

    /// The class of every image, by its position in the set, nil where it is held out for validation; for
    /// methods with a memory.
    public var labels: [Int?]

    /// How many classes there are.
    public var classCount: Int

    /// Describes images.
    ///
    /// - Parameters:
    ///   - size: the height of an image.
    ///   - labels: the classes of the images.
    ///   - classCount: how many classes there are; by default as many as the labels say.
    public init(size: Int = 32, labels: [Int?] = [], classCount: Int? = nil) {
        self.size = size
        self.labels = labels
        self.classCount = classCount ?? (labels.compactMap { $0 }.max() ?? 0) + 1
    }
}

/// Where a method is put: between two networks, on some images.
public struct MethodPlace {
    /// The student.
    public let student: any Backbone

    /// The teacher.
    public let teacher: any Backbone

    /// The training images.
    public let images: ImageFacts

    /// The origin of the run's random numbers.
    public let seed: UInt64

    /// The source of the initial weights of what the method learns.
    public let generator: Generator

    /// Describes a place.
    public init(
        student: any Backbone, teacher: any Backbone, images: ImageFacts, seed: UInt64,
        generator: Generator
    ) {
        self.student = student
        self.teacher = teacher
        self.images = images
        self.seed = seed
        self.generator = generator
    }
}
