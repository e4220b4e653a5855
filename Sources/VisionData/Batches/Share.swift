import Torch

/// What one of several processes takes of the images that all of them work on.
///
/// Every process computes the same order for itself and takes its share, so that nothing has to be sent. No image
/// is taken twice or left out.
public struct Share: Sendable, Hashable {
    /// The process's place, from 0.
    public let rank: Int

    /// How many processes there are.
    public let size: Int

    /// The share of a process by itself: everything.
    public static let whole = Share(rank: 0, size: 1)

    /// Describes a share.
    ///
    /// - Precondition: `rank` is in `0..<size`.
    public init(rank: Int, size: Int) {
        precondition((0..<size).contains(rank), "Share: rank \(rank) of \(size)")
        self.rank = rank
        self.size = size
    }

    /// The share of a process of a group.
    public init(of processes: any ProcessGroup) {
        self.init(rank: processes.rank, size: processes.size)
    }

    /// How many images of a batch are this process's, 0 where there are too few for it.
    ///
    /// - Parameter images: how many the batch has.
    /// - Returns: how many are this process's.
    public func count(of images: Int) -> Int { max(0, (images - rank + size - 1) / size) }

    /// What this process takes of an epoch's training images: of each batch every `size`th one.
    ///
    /// Of a batch with too few images it takes the first one, which then must count nothing.
    ///
    /// - Parameters:
    ///   - order: the epoch's images in their order.
    ///   - batchSize: images of a whole batch, the last one perhaps smaller.
    /// - Returns: the images, batch by batch.
    /// - Precondition: a full batch has an image for each process.
    public func training<Element>(of order: [Element], batchSize: Int) -> [Element] {
        precondition(batchSize >= size, "Share: batches of \(batchSize) for \(size) processes")
        guard size > 1 else { return order }
        return stride(from: 0, to: order.count, by: batchSize).flatMap { start in
            let end = min(start + batchSize, order.count)
            let own = stride(from: start + rank, to: end, by: size).map { order[$0] }
            return own.isEmpty ? [order[start]] : own
        }
    }

    /// What this process evaluates: every `size`th batch, whole, so that it computes what one process computes.
    ///
    /// - Parameters:
    ///   - images: all of them in their order.
    ///   - batchSize: images of a batch, the last one perhaps smaller.
    /// - Returns: the images of this process's batches.
    public func evaluation<Element>(of images: [Element], batchSize: Int) -> [Element] {
        guard size > 1 else { return images }
        return stride(from: rank * batchSize, to: images.count, by: size * batchSize).flatMap {
            images[$0..<min($0 + batchSize, images.count)]
        }
    }
}
