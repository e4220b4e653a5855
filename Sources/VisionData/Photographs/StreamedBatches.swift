import ImageFolders
import Torch
import TorchNN

/// The batches of training epochs of photographs, decoded ahead of the steps.
///
/// `advance` waits for a worker, and never for a step: on a card the copy of a batch runs beside the step before.
public final class StreamedBatches: BatchSource {
    /// How many images and batches every epoch has; all full batches have one size.
    public let epoch: EpochShape

    /// How many images of a full batch are this process's.
    private let ownBatchSize: Int

    private let source: PhotographSource
    private let positions: [Int]
    private let preparation: TrainingPreparation
    private let normalize: Normalizer
    private let notes: UnreadableNotes
    private let slots: HostBuffer
    private let feed: any SlotFeed

    /// Classes and positions of the batch, int64 `[batchSize]`.
    private let labels: Tensor
    private let indices: Tensor

    private var ring: BatchRing?
    private var finishedRingsWaited = 0.0

    /// Takes images.
    ///
    /// - Throws: `OperatorError` where there is no memory for the slots.
    init(
        _ source: PhotographSource, positions: [Int]?, _ preparation: TrainingPreparation
    ) throws {
        self.source = source
        self.preparation = preparation
        self.positions = positions ?? Array(0..<source.count)
        let device = source.device
        epoch = EpochShape(
            imageCount: self.positions.count, batchSize: preparation.batchSize, isFixed: true)
        let size = preparation.share.count(of: preparation.batchSize)
        ownBatchSize = size
        normalize = Normalizer(preparation.normalization, device: device)
        notes = UnreadableNotes(
            UnreadableRule(
                allowed: source.reading.allowedUnreadable
                    ?? UnreadableRule.standard(of: source.count),
                substitutes: true), of: source.count)
        slots = try source.makeSlots(batchSize: size)
        let shape = [size, source.imageSize, source.imageSize, 3]
        feed =
            device == .cpu
            ? HostFeed(slots, shape: shape) : try CardFeed(slots, shape: shape, on: device)
        labels = Tensor.zeros([size], dtype: .int64, device: device)
        indices = Tensor.zeros([size], dtype: .int64, device: device)
    }

    /// The seconds for which `advance` had to wait for images so far.
    public var waitedSeconds: Double { finishedRingsWaited + (ring?.waitedSeconds ?? 0) }

    /// The threads that decode.
    public var workers: Int? { source.workers }

    /// Starts the workers of an epoch.
    public func begin(epoch number: Int, at batch: Int) throws {
        finishedRingsWaited = waitedSeconds
        ring = nil
        let order = preparation.share.training(
            of: EpochOrder.shuffled(
                positions, of: source.images, seed: preparation.seed, epoch: number),
            batchSize: preparation.batchSize)
        let view = ImageView(
            size: source.imageSize,
            kind: .random(
                seed: preparation.seed, epoch: number, flips: preparation.augmentation.flips,
                isExact: source.settings.isExact))
        ring = source.ring(
            order, view, batchSize: ownBatchSize, first: batch, slots: slots, notes: notes)
        feed.restart()
    }

    /// Waits for the next batch, and puts it where `batch(of:)` takes it.
    public func advance() throws -> Int {
        guard let ring else { preconditionFailure("StreamedBatches: no epoch was begun") }
        if try feed.finishFormer() { ring.giveBack() }
        defer { source.tell(notes) }
        guard let ready = try timed("data", { try ring.next() }) else {
            preconditionFailure("StreamedBatches: the epoch is over")
        }
        // With substitutes every row has an image.
        let shown = ready.positions.compactMap(\.self)
        let count = shown.count
        try feed.take(from: slots.bytes.offset(of: ready.bytes), count: count)
        withoutGrad {
            labels.narrow(0, 0..<count).copy(from: source.labels(shown))
            indices.narrow(0, 0..<count).copy(from: Tensor(shown.map(Int64.init)))
        }
        return count
    }

    /// Normalises the images that `advance` put in place.
    public func batch(of count: Int) -> Batch<Tensor> {
        withoutGrad {
            Batch(
                images: normalize(feed.pixels.narrow(0, 0..<count).permute([0, 3, 1, 2])),
                targets: labels.narrow(0, 0..<count), indices: indices.narrow(0, 0..<count))
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Where a part of these bytes begins.
    package func offset(of part: UnsafeMutableRawBufferPointer) -> Int {
        guard let own = baseAddress, let other = part.baseAddress else { return 0 }
        return other - own
    }
}
