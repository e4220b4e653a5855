import TorchNN

/// How many images and batches an epoch has, of all processes together.
public struct EpochShape: Sendable, Equatable {
    /// How many images an epoch has.
    public let imageCount: Int

    /// How many images a batch has, the last one of an epoch perhaps fewer.
    public let batchSize: Int

    /// Whether all full batches have the same shapes, so that a card can record a step once and replay it.
    public let isFixed: Bool

    /// How many batches an epoch has, the last one perhaps smaller.
    public var batchCount: Int { (imageCount + batchSize - 1) / batchSize }

    /// Describes epochs.
    ///
    /// - Precondition: `batchSize` is at least 1.
    public init(imageCount: Int, batchSize: Int, isFixed: Bool) {
        precondition(batchSize >= 1, "EpochShape: batch size \(batchSize) is below 1")
        self.imageCount = imageCount
        self.batchSize = batchSize
        self.isFixed = isFixed
    }

    /// How many images a batch has.
    ///
    /// - Parameter index: the batch's place in the epoch.
    /// - Returns: `batchSize`, or what is left for the last one.
    public func imageCount(ofBatch index: Int) -> Int {
        min(batchSize, imageCount - index * batchSize)
    }
}

/// The batches of training epochs.
///
/// A step takes a batch in two halves, so that a card can record the second one: `advance` is the host's,
/// `batch(of:)` the device's.
public protocol BatchSource<Targets>: AnyObject {
    /// What a batch is labelled with.
    associatedtype Targets

    /// How many images and batches every epoch has.
    var epoch: EpochShape { get }

    /// The seconds for which `advance` had to wait for images so far.
    var waitedSeconds: Double { get }

    /// The threads that make batches ahead; nil where none does.
    var workers: Int? { get }

    /// Makes an epoch ready.
    ///
    /// What its batches hold is a function of the source's seed and of the epoch alone.
    ///
    /// - Parameters:
    ///   - epoch: from 0.
    ///   - batch: the place of the next batch in the epoch.
    /// - Throws: where images cannot be read.
    func begin(epoch: Int, at batch: Int) throws

    /// Goes on to the next batch: whatever the host has to do for it.
    ///
    /// - Returns: how many images this process sees of it: its share, or one that counts nothing where that is empty.
    /// - Throws: where images cannot be read.
    func advance() throws -> Int

    /// Makes the batch, by operators on the device alone, which are the same for every batch of a size.
    ///
    /// - Parameter count: as `advance` gave it.
    /// - Returns: the batch, its images channels last.
    func batch(of count: Int) -> Batch<Targets>
}

extension BatchSource {
    /// Nothing to wait for.
    public var waitedSeconds: Double { 0 }

    /// None.
    public var workers: Int? { nil }
}
