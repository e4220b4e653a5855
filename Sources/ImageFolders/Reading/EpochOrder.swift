import Basics

/// The order of the images of an epoch, a function of seed and epoch alone.
public enum EpochOrder {
    /// How many shards are mixed with each other at a time.
    ///
    /// Reading then moves through the shards, as suits disks
    /// and object storage; 16 shards of a thousand images mix as many images as other loaders do.
    public static let mixedShards = 16

    /// Shuffles images.
    ///
    /// - Parameters:
    ///   - positions: the images, in rising order.
    ///   - list: where they lie; those in folders are shuffled as a whole.
    ///   - seed: the run's.
    ///   - epoch: from 0.
    /// - Returns: the positions in the epoch's order.
    public static func shuffled(
        _ positions: [Int], of list: ImageList, seed: UInt64, epoch: Int
    ) -> [Int] {
        var random = CounterRandom(seed, 1, UInt64(epoch))
        guard list.isSharded else { return positions.shuffled(using: &random) }
        var rest = positions[...]
        var shards = list.ranges.map { range in
            let part = rest.prefix { $0 < range.upperBound }
            rest = rest.dropFirst(part.count)
            return part
        }
        shards.shuffle(using: &random)
        return stride(from: 0, to: shards.count, by: mixedShards).flatMap { start in
            shards[start..<min(start + mixedShards, shards.count)].flatMap(\.self)
                .shuffled(using: &random)
        }
    }
}
