import Detectors
import ImageFolders
import Torch
import TorchNN
import VisionData

/// The batches of an evaluation of pictures, decoded ahead: every image once and in order.
///
/// Of several processes each has every n-th batch.
public final class PictureEvaluation {
    /// The number of images.
    public var imageCount: Int { places.count }

    /// The number of images at a time.
    public let batchSize: Int

    private let source: PictureSource
    private let normalize: Normalizer
    private let places: [PicturePlan.Place]

    init(
        _ source: PictureSource, normalization: Normalization, batchSize: Int, share: Share
    ) {
        self.source = source
        self.batchSize = min(batchSize, source.count)
        normalize = Normalizer(normalization, device: source.device)
        let all = source.sizes.enumerated().map { position, size in
            PicturePlan.Place(
                position: position, number: position,
                view: PictureView(
                    original: size, size: source.settings.evaluationSize(of: size),
                    isFlipped: false))
        }
        places = share.evaluation(of: all, batchSize: self.batchSize)
    }

    /// Hands over the batches in order.
    ///
    /// - Parameter body: takes images float32 `[N, 3, H, W]`, channels last, with targets that have sizes alone.
    /// - Throws: what `body` throws, and `TooManyUnreadable` where images cannot be read.
    public func forEach(_ body: (Batch<[BoxTargets]>) throws -> Void) throws {
        guard !places.isEmpty else { return }
        let notes = UnreadableNotes(
            UnreadableRule(allowed: source.reading.allowedUnreadable ?? 0, substitutes: false),
            of: places.count)
        let slots = try source.makeSlots(batchSize: batchSize)
        let ring = source.ring(
            places, batchSize: batchSize, first: 0, slots: slots, notes: notes)
        while let ready = try timed("data", { try ring.next() }) {
            source.tell(notes)
            let shown = ready.positions.enumerated().compactMap { row, place in
                place.map { (row: row, place: places[$0]) }
            }
            guard !shown.isEmpty else {
                ring.giveBack()
                continue
            }
            let images = source.images(
                in: slots, from: slots.bytes.offset(of: ready.bytes),
                rows: shown.map { ($0.row, $0.place.view.size) }, normalize)
            ring.giveBack()
            try body(
                Batch(
                    images: images,
                    targets: shown.map {
                        BoxTargets(
                            size: $0.place.view.size, originalSize: $0.place.view.original)
                    },
                    indices: Tensor(shown.map { Int64($0.place.position) }).to(source.device)))
        }
        source.tell(notes)
    }
}
