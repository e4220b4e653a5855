import Detectors

/// How many pictures there are, and how large the tensors are that they become.
package struct PictureShape: Sendable, Equatable {
    /// The number of pictures.
    package let count: Int

    /// The mean height and width of the batches, rounded to multiples of 32.
    package let size: ImageSize

    /// Takes pictures of the size that most of COCO's have, 640 × 480, where only their number is known.
    ///
    /// - Parameters:
    ///   - count: the number of pictures.
    ///   - settings: how they become batches.
    ///   - isTraining: whether they have the sizes of training, else that of evaluation.
    package init(ofUnknown count: Int, _ settings: PictureSettings, isTraining: Bool) {
        let picture = ImageSize(height: 480, width: 640)
        let sizes =
            isTraining
            ? settings.trainingSizes(of: picture) : [settings.evaluationSize(of: picture)]
        size = PictureShape(sizes, batchSize: 1).size
        self.count = isTraining ? settings.imagesPerEpoch ?? count : count
    }

    /// Takes the pictures in their order.
    init(_ sizes: [ImageSize], batchSize: Int) {
        let batches = stride(from: 0, to: sizes.count, by: batchSize).map {
            paddedSize(of: Array(sizes[$0..<min($0 + batchSize, sizes.count)]))
        }
        func mean(_ side: KeyPath<ImageSize, Int>) -> Int {
            let sum = batches.reduce(0) { $0 + $1[keyPath: side] }
            return max(1, (sum + 16 * batches.count) / (32 * max(1, batches.count))) * 32
        }
        count = sizes.count
        size = ImageSize(height: mean(\.height), width: mean(\.width))
    }
}

extension PictureSource {
    /// What the first epoch of training has.
    ///
    /// - Parameters:
    ///   - batchSize: pictures at a time.
    ///   - seed: the run's.
    ///   - withMasks: whether masks are learned.
    /// - Returns: its number of pictures and the size of its batches.
    /// - Throws: `PictureError` where nothing can be learned.
    package func trainingShape(
        batchSize: Int, seed: UInt64, withMasks: Bool
    ) throws(PictureError) -> PictureShape {
        let plan = PicturePlan(
            try learnableObjects(withMasks: withMasks).keys.sorted(), sizes: sizes,
            settings: settings, batchSize: batchSize, seed: seed, epoch: 0)
        return PictureShape(plan.places.map(\.view.size), batchSize: batchSize)
    }

    /// What an evaluation has.
    ///
    /// - Parameter batchSize: pictures at a time.
    /// - Returns: its number of pictures and the size of its batches.
    package func evaluationShape(batchSize: Int) -> PictureShape {
        PictureShape(sizes.map(settings.evaluationSize), batchSize: batchSize)
    }
}
