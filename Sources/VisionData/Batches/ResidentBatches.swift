import Torch
import TorchNN

/// The batches of images that all lie on the device.
///
/// What differs from batch to batch lies in a table on the device, written once an epoch: which images, and
/// how they are cut. A counter on the device tells which rows are next, so that the work is the same each
/// time and asks the host for nothing.
public final class ResidentBatches: BatchSource {
    private let loader: TrainingLoader
    private let share: Share

    /// The places of this process's images in every epoch.
    private let places: [Int]

    /// The epoch's images as the loader's table has them, int64 `[images, columns]`.
    private let table: Tensor

    /// The place of the next batch in the epoch, int64 `[1]`.
    private let counter: Tensor

    private let one: Tensor
    private var place = 0

    /// Takes batches from a loader.
    ///
    /// - Parameters:
    ///   - loader: makes the batches.
    ///   - share: which images of each batch are this process's.
    /// - Precondition: a full batch has an image for each process.
    public init(_ loader: TrainingLoader, share: Share = .whole) {
        self.loader = loader
        self.share = share
        places = share.training(
            of: Array(0..<loader.imageCount), batchSize: loader.batchSize)
        let device = loader.device
        table = Tensor.zeros([places.count, loader.columns], dtype: .int64, device: device)
        counter = Tensor.zeros([1], dtype: .int64, device: device)
        one = Tensor.full([1], 1, dtype: .int64, device: device)
    }

    /// How many images and batches every epoch has.
    public var epoch: EpochShape { loader.shape }

    /// Writes an epoch's table.
    public func begin(epoch: Int, at batch: Int) {
        withoutGrad {
            table.copy(from: loader.table(of: loader.epoch(epoch), places))
            counter.copy(from: Tensor([Int64(batch)]))
        }
        place = batch
    }

    /// The host has nothing to do but to count.
    public func advance() -> Int {
        place += 1
        return max(1, share.count(of: epoch.imageCount(ofBatch: place - 1)))
    }

    /// Cuts, mirrors and normalises the images of the next rows.
    public func batch(of count: Int) -> Batch<Tensor> {
        withoutGrad {
            let rows = Tensor.arange(0..<count, device: counter.device)
                .add(counter, scale: Double(share.count(of: loader.batchSize)))
            let batch = loader.batch(table.select(0, rows))
            counter.add(one)
            return batch
        }
    }
}
