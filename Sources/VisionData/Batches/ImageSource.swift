import ImageFolders
import Torch
import TorchNN

/// A split of a data set, opened for a device: images with a class each.
public protocol ImageSource: Sendable {
    /// The number of images.
    var count: Int { get }

    /// The number of classes.
    var classCount: Int { get }

    /// The height of the images as networks see them, in pixels.
    var imageSize: Int { get }

    /// The names of the classes by their numbers; nil where none are known.
    var classNames: [String]? { get }

    /// Where the images are, for a run to keep; nil where they have no files of their own.
    var list: ImageList? { get }

    /// The class of every image, by its position.
    func classes() -> [Int]

    /// The batches of training epochs.
    ///
    /// - Parameters:
    ///   - positions: the images to train on; all where it is nil.
    ///   - preparation: how they become batches.
    /// - Returns: a source whose batches are a function of the preparation's seed and of the epoch alone.
    /// - Throws: where the images cannot be read.
    func training(
        positions: [Int64]?, _ preparation: TrainingPreparation
    ) throws -> any BatchSource<Tensor>

    /// The batches of an evaluation, in order.
    ///
    /// - Parameters:
    ///   - positions: the images to evaluate; all where it is nil.
    ///   - normalization: of the resulting images.
    ///   - batchSize: images at a time.
    /// - Returns: the batches, made when they are asked for.
    func evaluation(
        positions: [Int64]?, normalization: Normalization, batchSize: Int
    ) -> any EvaluationBatches
}

extension ImageSource {
    /// None.
    public var classNames: [String]? { nil }

    /// None.
    public var list: ImageList? { nil }
}

/// How training images become batches.
public struct TrainingPreparation: Sendable {
    /// The mean and deviation of the resulting images.
    public let normalization: Normalization

    /// The random changes.
    public let augmentation: Augmentation

    /// The number of images a step, of all processes together; the last batch of an epoch holds the rest.
    public let batchSize: Int

    /// The origin of order and augmentation.
    public let seed: UInt64

    /// Which images of each batch are this process's.
    public let share: Share

    /// Gathers them.
    public init(
        normalization: Normalization, augmentation: Augmentation, batchSize: Int, seed: UInt64,
        share: Share = .whole
    ) {
        self.normalization = normalization
        self.augmentation = augmentation
        self.batchSize = batchSize
        self.seed = seed
        self.share = share
    }
}

/// The batches of an evaluation, each image once.
public protocol EvaluationBatches {
    /// The number of images.
    var imageCount: Int { get }

    /// The number of images at a time.
    var batchSize: Int { get }

    /// Hands over the batches in order.
    ///
    /// - Parameter body: takes images float32 `[N, 3, H, W]`, channels last, with classes int64 `[N]`.
    /// - Throws: what `body` throws, and where images cannot be read.
    func forEach(_ body: (Batch<Tensor>) throws -> Void) throws
}

extension EvaluationBatches {
    /// The number of batches.
    package var batchCount: Int { (imageCount + batchSize - 1) / max(batchSize, 1) }
}

extension EvaluationLoader: EvaluationBatches {}

extension ImageSet: ImageSource {
    /// The height of the images in pixels.
    public var imageSize: Int { pixels.size(2) }

    /// The class of every image, by its position.
    public func classes() -> [Int] { labels.elements(as: Int64.self).map(Int.init) }

    /// Batches cut by operators on the images' device.
    public func training(
        positions: [Int64]?, _ preparation: TrainingPreparation
    ) -> any BatchSource<Tensor> {
        ResidentBatches(
            TrainingLoader(
                self, positions: positions, normalization: preparation.normalization,
                augmentation: preparation.augmentation, batchSize: preparation.batchSize,
                seed: preparation.seed), share: preparation.share)
    }

    /// Batches cut by operators on the images' device.
    public func evaluation(
        positions: [Int64]?, normalization: Normalization, batchSize: Int
    ) -> any EvaluationBatches {
        EvaluationLoader(
            self, positions: positions, normalization: normalization, batchSize: batchSize)
    }
}
