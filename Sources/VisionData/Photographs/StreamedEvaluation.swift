import ImageFolders
import Torch
import TorchNN

/// The batches of an evaluation of photographs, decoded ahead.
struct StreamedEvaluation: EvaluationBatches {
    let batchSize: Int

    var imageCount: Int { positions.count }

    private let source: PhotographSource
    private let positions: [Int]
    private let normalize: Normalizer

    init(
        _ source: PhotographSource, positions: [Int]?, normalization: Normalization,
        batchSize: Int
    ) {
        self.source = source
        self.positions = positions ?? Array(0..<source.count)
        self.batchSize = batchSize
        normalize = Normalizer(normalization, device: source.device)
    }

    func forEach(_ body: (Batch<Tensor>) throws -> Void) throws {
        let size = min(batchSize, positions.count)
        guard size > 0 else { return }
        let notes = UnreadableNotes(
            UnreadableRule(allowed: source.reading.allowedUnreadable ?? 0, substitutes: false),
            of: positions.count)
        let slots = try source.makeSlots(batchSize: size)
        let view = ImageView(
            size: source.imageSize, kind: .centre(resize: source.settings.shorterSide))
        let ring = source.ring(
            positions, view, batchSize: size, first: 0, slots: slots, notes: notes)
        while let ready = try timed("data", { try ring.next() }) {
            source.tell(notes)
            let rows = ready.positions.enumerated().filter { $0.element != nil }.map(\.offset)
            let shown = ready.positions.compactMap(\.self)
            guard !shown.isEmpty else {
                ring.giveBack()
                continue
            }
            let shape = [ready.positions.count, view.size, view.size, 3]
            let batch = withoutGrad {
                var pixels = slots.view(from: slots.bytes.offset(of: ready.bytes), shape: shape)
                if rows.count < ready.positions.count {
                    pixels = pixels.select(0, Tensor(rows.map(Int64.init)))
                }
                return Batch(
                    images: normalize(pixels.to(source.device).permute([0, 3, 1, 2])),
                    targets: source.labels(shown).to(source.device),
                    indices: Tensor(shown.map(Int64.init)).to(source.device))
            }
            // The normalised copy is the batch's own, so the slot can be filled again.
            ring.giveBack()
            try body(batch)
        }
        source.tell(notes)
    }
}
