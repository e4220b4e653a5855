import Basics
import Torch
import TorchNN

/// Cuts an image set into the shuffled, augmented batches of training epochs.
///
/// An epoch's order, crops and flips are a function of (seed, epoch) alone: any batch of any epoch
/// can be made at any time, whatever the number of threads.
public struct TrainingLoader: Sendable {
    private let set: ImageSet
    private let positions: [Int64]
    private let normalize: Normalizer
    private let augmentation: Augmentation
    private let grid: CropGrid
    private let changes: StrongChanges?
    private let seed: UInt64

    /// How many images a batch has, the last one of an epoch perhaps fewer.
    public let batchSize: Int

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
        normalize = Normalizer(normalization, device: set.pixels.device)
        self.augmentation = augmentation
        grid = CropGrid(of: set)
        changes = augmentation.secondView.map {
            StrongChanges(
                $0, height: set.pixels.size(2), width: set.pixels.size(3),
                device: set.pixels.device)
        }
        self.batchSize = batchSize
        self.seed = seed
    }

    /// Where the images are.
    public var device: Device { self.set.pixels.device }

    /// How many images an epoch has.
    public var imageCount: Int { positions.count }

    /// How many images and batches every epoch has; all full batches have one size.
    public var shape: EpochShape {
        EpochShape(imageCount: imageCount, batchSize: batchSize, isFixed: true)
    }

    /// How many batches an epoch has, the last one perhaps smaller.
    public var batchCount: Int { shape.batchCount }

    /// One epoch's order and draws.
    public struct Epoch: Sendable {
        fileprivate let order: [Int64]
        fileprivate let draws: [Augmentation.Draw]

        /// Crop, flip and codes of each image's second view; nothing where there is none.
        fileprivate let second: [[Int64]]
    }

    /// Draws an epoch's order and augmentation.
    public func epoch(_ epoch: Int) -> Epoch {
        var shuffling = CounterRandom(seed, 1, UInt64(epoch))
        var augmenting = CounterRandom(seed, 2, UInt64(epoch))
        let order = positions.shuffled(using: &shuffling)
        var changing = CounterRandom(seed, 4, UInt64(epoch))
        return Epoch(
            order: order, draws: order.map { _ in augmentation.draw(using: &augmenting) },
            second: augmentation.secondView.map { view in
                order.map { _ in
                    augmentation.draw(using: &changing).numbers
                        + view.draw(using: &changing).map(Int64.init)
                }
            } ?? [])
    }

    /// How many numbers say what becomes of an image.
    public var columns: Int { augmentation.secondView == nil ? 4 : 9 }

    /// Makes one batch.
    ///
    /// - Parameters:
    ///   - index: the batch's place in the epoch, in `0..<batchCount`.
    ///   - epoch: the epoch's draws.
    /// - Returns: images float32 `[N, 3, H, W]`, channels last; targets the classes, int64 `[N]`.
    public func batch(_ index: Int, of epoch: Epoch) -> Batch<Tensor> {
        let range = (index * batchSize)..<min((index + 1) * batchSize, epoch.order.count)
        return batch(table(of: epoch, Array(range)))
    }

    /// An epoch's order and draws as numbers on the images' device, one row per image.
    ///
    /// - Parameters:
    ///   - epoch: the epoch's draws.
    ///   - places: which images of the epoch.
    /// - Returns: int64 `[images, columns]`: position in the set, top and left of the crop, 1 where mirrored; then
    ///   those three and two operations of a second view.
    public func table(of epoch: Epoch, _ places: [Int]) -> Tensor {
        let numbers = places.flatMap { place in
            [epoch.order[place]] + epoch.draws[place].numbers
                + (epoch.second.isEmpty ? [] : epoch.second[place])
        }
        return Tensor(numbers, shape: [places.count, columns]).to(set.pixels.device)
    }

    /// Makes the batch of some rows of an epoch's table, by operators on the device alone.
    ///
    /// - Parameter rows: int64 `[N, columns]`, as `table` gives them.
    /// - Returns: images float32 `[N, 3, H, W]`, channels last; targets the classes, int64 `[N]`; with a second view
    ///   `2N` of each, all first views before all second ones.
    public func batch(_ rows: Tensor) -> Batch<Tensor> {
        withoutGrad {
            let positions = rows.narrow(1, 0..<1).reshape([-1])
            let (pixels, labels) = set.select(positions)
            let cut = augmentation.apply(rows.narrow(1, 1..<4), to: pixels, on: grid)
            guard let changes else {
                return Batch(images: normalize(cut), targets: labels, indices: positions)
            }
            let second = changes(
                augmentation.apply(rows.narrow(1, 4..<7), to: pixels, on: grid),
                rows.narrow(1, 7..<9))
            let both = Tensor.concatenate([cut, second]).contiguous(.channelsLast)
            return Batch(
                images: normalize(both), targets: Tensor.concatenate([labels, labels]),
                indices: Tensor.concatenate([positions, positions]), views: 2)
        }
    }
}
