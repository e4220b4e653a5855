import Torch

/// Cuts an image set into the shuffled, augmented batches of training epochs.
///
/// An epoch's order, crops and flips are a function of (seed, epoch) alone: any batch of any epoch
/// can be made at any time, whatever the number of threads.
public struct TrainingLoader: Sendable {
    private let set: ImageSet
    private let positions: [Int64]
    private let normalization: Normalization
    private let augmentation: Augmentation
    private let batchSize: Int
    private let seed: UInt64

    /// Makes a loader.
    ///
    /// - Parameters:
    ///   - set: the images.
    ///   - positions: which of them to train on; all when left out.
    ///   - normalization: of the resulting images.
    ///   - augmentation: of the training images.
    ///   - batchSize: images per step; the last batch of an epoch holds the rest.
    ///   - seed: the origin of order and augmentation.
    /// - Precondition: `batchSize` is at least 1.
    public init(
        _ set: ImageSet, positions: [Int64]? = nil, normalization: Normalization,
        augmentation: Augmentation, batchSize: Int, seed: UInt64
    ) {
        precondition(batchSize >= 1, "TrainingLoader: batch size \(batchSize) is below 1")
        self.set = set
        self.positions = positions ?? (0..<Int64(set.count)).map { $0 }
        self.normalization = normalization
        self.augmentation = augmentation
        self.batchSize = batchSize
        self.seed = seed
    }

    /// How many images an epoch has.
    public var imageCount: Int { positions.count }

    /// How many batches an epoch has, the last one perhaps smaller.
    public var batchCount: Int { (positions.count + batchSize - 1) / batchSize }

    /// One epoch's order and draws.
    public struct Epoch: Sendable {
        fileprivate let order: [Int64]
        fileprivate let draws: [Augmentation.Draw]
    }

    /// Draws an epoch's order and augmentation.
    public func epoch(_ epoch: Int) -> Epoch {
        var shuffling = CounterRandom(seed, 1, UInt64(epoch))
        var augmenting = CounterRandom(seed, 2, UInt64(epoch))
        let order = positions.shuffled(using: &shuffling)
        return Epoch(
            order: order, draws: order.map { _ in augmentation.draw(using: &augmenting) })
    }

    /// Makes one batch.
    ///
    /// - Parameters:
    ///   - index: the batch's place in the epoch, in `0..<batchCount`.
    ///   - epoch: the epoch's draws.
    /// - Returns: images float32 `[N, 3, H, W]`, channels last; labels and positions int64 `[N]`.
    public func batch(
        _ index: Int, of epoch: Epoch
    ) -> (images: Tensor, labels: Tensor, positions: Tensor) {
        let range = (index * batchSize)..<min((index + 1) * batchSize, epoch.order.count)
        return withoutGrad {
            let positions = Tensor(Array(epoch.order[range])).to(set.pixels.device)
            let (pixels, labels) = set.select(positions)
            let cut = augmentation.apply(epoch.draws[range], to: pixels)
            return (normalization(cut), labels, positions)
        }
    }
}

/// Cuts an image set into normalised batches in order, for evaluation.
public struct EvaluationLoader: Sendable {
    private let set: ImageSet
    private let positions: [Int64]
    private let normalization: Normalization
    private let batchSize: Int

    /// Makes a loader.
    ///
    /// - Parameters:
    ///   - set: the images.
    ///   - positions: which of them to evaluate; all when left out.
    ///   - normalization: of the resulting images.
    ///   - batchSize: images at a time.
    /// - Precondition: `batchSize` is at least 1.
    public init(
        _ set: ImageSet, positions: [Int64]? = nil, normalization: Normalization, batchSize: Int
    ) {
        precondition(batchSize >= 1, "EvaluationLoader: batch size \(batchSize) is below 1")
        self.set = set
        self.positions = positions ?? (0..<Int64(set.count)).map { $0 }
        self.normalization = normalization
        self.batchSize = batchSize
    }

    /// How many images there are.
    public var imageCount: Int { positions.count }

    /// Calls `body` with each batch: images float32 `[N, 3, H, W]` and labels int64 `[N]`.
    public func forEachBatch<Failure: Error>(
        _ body: (Tensor, Tensor) throws(Failure) -> Void
    ) throws(Failure) {
        for start in stride(from: 0, to: positions.count, by: batchSize) {
            let range = start..<min(start + batchSize, positions.count)
            let (pixels, labels) = set.select(
                Tensor(Array(positions[range])).to(set.pixels.device))
            try body(normalization(pixels), labels)
        }
    }
}

/// Holds images out of a training set, the same ones for the same seed.
///
/// - Parameters:
///   - held: how many images to hold out.
///   - count: how many there are.
///   - seed: the origin of the choice.
/// - Returns: the positions to train on and those held out, each in ascending order.
/// - Precondition: fewer images are held out than there are.
public func validationSplit(
    holdingOut held: Int, of count: Int, seed: UInt64
) -> (training: [Int64], validation: [Int64]) {
    precondition(held < count, "validationSplit: \(held) held out of \(count)")
    var random = CounterRandom(seed, 3)
    let shuffled = (0..<Int64(count)).shuffled(using: &random)
    return (shuffled.dropFirst(held).sorted(), shuffled.prefix(held).sorted())
}
