import Basics
import Detectors

/// The pictures of one epoch in their order: a function of the seed and of the epoch alone.
struct PicturePlan: Sendable {
    /// One picture of the epoch.
    struct Place: Sendable {
        /// The position of its image in the annotations.
        let position: Int

        /// Where it stands in the passes that follow each other without end.
        let number: Int

        /// How it is seen.
        let view: PictureView
    }

    /// The pictures, of which `batchSize` after the other make a batch.
    let places: [Place]

    /// Plans an epoch.
    ///
    /// Epoch e has the pictures from e times its length on of endless passes over all of them, each shuffled by
    /// itself. Wide pictures share batches, and so do all others; the last ones of both kinds may share one.
    ///
    /// - Parameters:
    ///   - positions: the images to learn from.
    ///   - sizes: theirs, by position.
    ///   - settings: how they become batches.
    ///   - batchSize: pictures at a time.
    ///   - seed: the run's.
    ///   - epoch: from 0.
    init(
        _ positions: [Int], sizes: [ImageSize], settings: PictureSettings, batchSize: Int,
        seed: UInt64, epoch: Int
    ) {
        let count = settings.imagesPerEpoch ?? positions.count
        var pass: (number: Int, order: [Int])?
        let stream = (epoch * count..<(epoch + 1) * count).map { number -> Place in
            let (round, place) = number.quotientAndRemainder(dividingBy: positions.count)
            if pass?.number != round {
                var shuffling = CounterRandom(seed, 1, UInt64(round))
                pass = (round, positions.shuffled(using: &shuffling))
            }
            let position = pass?.order[place] ?? positions[place]
            var random = CounterRandom(seed, 2, UInt64(number))
            let isFlipped = random.next() >> 63 == 1 && settings.flips
            let original = sizes[position]
            let size = settings.trainingSize(of: original, using: &random)
            return Place(
                position: position, number: number,
                view: PictureView(original: original, size: size, isFlipped: isFlipped))
        }
        places = Self.grouped(stream, batchSize: batchSize)
    }

    /// The same pictures, batches of one kind first come first served.
    private static func grouped(_ stream: [Place], batchSize: Int) -> [Place] {
        var waiting: [Bool: [Place]] = [:]
        var places: [Place] = []
        for place in stream {
            let isWide = place.view.original.width > place.view.original.height
            waiting[isWide, default: []].append(place)
            if let full = waiting[isWide], full.count == batchSize {
                places += full
                waiting[isWide] = []
            }
        }
        return places + (waiting[true] ?? []) + (waiting[false] ?? [])
    }
}
