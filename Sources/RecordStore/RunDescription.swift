import Foundation

/// What is known of a run before its first step.
public struct RunDescription: Sendable, Equatable {
    /// The run's folder, whole and without links, which tells runs apart.
    public var folder: String

    /// What the run is called in lists: the last part of its folder, with its seed's.
    public var name: String

    /// The command that began it, `train`, `distill`, `reproduce` or `ablate`.
    public var kind: String

    /// The command line as a shell takes it; empty where the run was read from its folder.
    public var command = ""

    /// The recipe's name.
    public var recipe: String

    /// The recipe as resolved, in YAML.
    public var recipeText: String

    /// The recipe's values by key, as `optimizer.learning_rate`, all but its name and description.
    public var settings: [String: String]

    /// What runs have in common that differ in the seed alone.
    public var seedGroup: String

    /// The method's name, `alone` where nothing teaches.
    public var method: String

    /// The seed.
    public var seed: Int

    /// The number of epochs.
    public var epochs: Int

    /// The number of steps, where it is known.
    public var steps: Int?

    /// The commit of the code.
    public var revision: String?

    /// LibTorch's version.
    public var libtorch: String?

    /// Where it computes, `cpu` or `cuda:0`.
    public var device: String?

    /// The processor's or card's name.
    public var processor: String?

    /// Whose kernels compute, in words.
    public var kernels: String?

    /// The score that counts, such as `top1`; more is better.
    public var score: String

    /// Gathers what must be known.
    ///
    /// - Parameters:
    ///   - folder: whole and without links.
    ///   - name: for lists.
    ///   - kind: the command.
    ///   - recipe: the recipe's name.
    ///   - recipeText: the recipe in YAML.
    ///   - settings: the recipe's values by key.
    ///   - seedGroup: what the seeds of one recipe have in common.
    ///   - method: the method's name.
    ///   - seed: the seed.
    ///   - epochs: how many there are.
    ///   - score: the score that counts.
    public init(
        folder: String, name: String, kind: String, recipe: String, recipeText: String,
        settings: [String: String], seedGroup: String, method: String, seed: Int, epochs: Int,
        score: String
    ) {
        self.folder = folder
        self.name = name
        self.kind = kind
        self.recipe = recipe
        self.recipeText = recipeText
        self.settings = settings
        self.seedGroup = seedGroup
        self.method = method
        self.seed = seed
        self.epochs = epochs
        self.score = score
    }
}

extension RunDescription {
    /// A path without links and dots.
    package static func whole(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}

/// How far a run is.
public enum RunState: String, Sendable, CaseIterable {
    /// A process works on it.
    case running

    /// All its epochs are done.
    case finished

    /// It was ended by a signal or a limit, or its process is gone; it can be resumed.
    case interrupted

    /// It ended with an error.
    case failed
}

/// One number of a run at a step.
public struct RunPoint: Sendable, Equatable {
    /// Which curve it is of: `step/NAME` of single steps, `train/NAME`, `validation/NAME` and `test/NAME` of
    /// epochs, or `learning_rate`, `images_per_second`, `seconds` and `peak_memory_bytes`.
    public var series: String

    /// How many steps of the run were done.
    public var step: Int

    /// The number; nil where it is infinite or none.
    public var value: Double?

    /// Gathers them.
    public init(series: String, step: Int, value: Double?) {
        self.series = series
        self.step = step
        self.value = value.flatMap { $0.isFinite ? $0 : nil }
    }
}

/// A file that a run leaves.
public struct RunArtefact: Sendable, Equatable, Encodable {
    /// Its path within the run's folder.
    public var path: String

    /// Its size.
    public var bytes: Int

    /// Its SHA-256 in hexadecimal digits.
    public var sha256: String

    /// Gathers them.
    public init(path: String, bytes: Int, sha256: String) {
        self.path = path
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// Where a run stands.
public struct RunProgress: Sendable, Equatable {
    /// How many epochs are done.
    public var epoch: Int

    /// How many steps are done.
    public var step: Int

    /// Training images per second.
    public var imagesPerSecond: Double?

    /// Seconds until its end.
    public var secondsLeft: Double?

    /// The score that counts, of the last epoch.
    public var score: Double?

    /// Gathers what is known; what is nil stays as it was.
    public init(
        epoch: Int, step: Int, imagesPerSecond: Double? = nil, secondsLeft: Double? = nil,
        score: Double? = nil
    ) {
        self.epoch = epoch
        self.step = step
        self.imagesPerSecond = imagesPerSecond
        self.secondsLeft = secondsLeft
        self.score = score
    }
}
