import Torch
import TorchNN

/// Cuts an image set into normalised batches in order, for evaluation.
public struct EvaluationLoader: Sendable, Sequence {
    private let set: ImageSet
    private let positions: [Int64]
    private let normalize: Normalizer

    /// The number of images at a time.
    public let batchSize: Int

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
        normalize = Normalizer(normalization, device: set.pixels.device)
        self.batchSize = batchSize
    }

    /// How many images there are.
    public var imageCount: Int { positions.count }

    /// The batches in order, each made when it is asked for.
    public struct Iterator: IteratorProtocol {
        private let loader: EvaluationLoader
        private var start = 0

        fileprivate init(_ loader: EvaluationLoader) { self.loader = loader }

        /// Images float32 `[N, 3, H, W]` and classes int64 `[N]`; nil behind the last batch.
        public mutating func next() -> Batch<Tensor>? {
            guard start < loader.imageCount else { return nil }
            let range = start..<Swift.min(start + loader.batchSize, loader.imageCount)
            start = range.upperBound
            return loader.batch(range)
        }
    }

    /// Begins with the first batch.
    public func makeIterator() -> Iterator { Iterator(self) }

    private func batch(_ range: Range<Int>) -> Batch<Tensor> {
        let places = Tensor(Array(positions[range])).to(set.pixels.device)
        let (pixels, labels) = set.select(places)
        return Batch(images: normalize(pixels), targets: labels, indices: places)
    }
}
