import Foundation
import ImageFiles
import ImageFolders
import Torch
import TorchNN

/// What a benchmark of loading photographs does with each.
public enum LoadWork: String, CaseIterable, Sendable {
    /// A random part of it, as training sees it, in a normalised batch.
    case training = "load"

    /// Its middle, as evaluation sees it, in a normalised batch.
    case evaluation = "load-evaluate"

    /// All its pixels, from a file that is in memory already, and nothing more.
    case decoding = "load-decode"
}

extension PhotographSource {
    /// Measures how fast photographs are loaded, each as often as it takes.
    ///
    /// - Parameters:
    ///   - work: what is done with each.
    ///   - batchSize: images a batch.
    ///   - batches: how many are timed, after two that are not.
    /// - Returns: images a second.
    /// - Throws: where images cannot be read.
    public func imagesPerSecond(
        _ work: LoadWork, batchSize: Int, batches: Int
    ) throws -> Double {
        let wanted = (batches + 2) * batchSize
        let next: () throws -> Void
        let notes = UnreadableNotes(UnreadableRule(allowed: 0, substitutes: true), of: count)
        switch work {
        case .decoding:
            let makeWorker: @Sendable () -> ImageWorker = { [images] in
                ImageWorker(
                    images, view: ImageView(size: 1, kind: .centre(resize: 1)),
                    options: ImageOptions())
            }
            let reader = makeWorker()
            let files = try (0..<min(count, wanted, Self.heldFiles)).map(reader.file)
            let ring = BatchRing(
                order: Array(files.indices), count: wanted, batchSize: batchSize, rowBytes: 1,
                threads: workers, unreadable: notes
            ) {
                let worker = makeWorker()
                return { position, _ in try worker.decode(files[position], of: position) }
            }
            next = {
                _ = try ring.next()
                ring.giveBack()
            }
        case .training, .evaluation:
            let slots = try makeSlots(batchSize: batchSize)
            let view = ImageView(
                size: imageSize,
                kind: work == .evaluation
                    ? .centre(resize: settings.shorterSide)
                    : .random(seed: 0, epoch: 0, flips: true, isExact: settings.isExact))
            let ring = ring(
                Array(0..<count), view, count: wanted, batchSize: batchSize, first: 0, slots: slots,
                notes: notes)
            let normalize = Normalizer(.imagenet, device: device)
            let shape = [batchSize, imageSize, imageSize, 3]
            next = {
                guard let ready = try ring.next() else { return }
                let pixels = slots.view(from: slots.bytes.offset(of: ready.bytes), shape: shape)
                withoutGrad {
                    _ = normalize(pixels.to(device).permute([0, 3, 1, 2])).select(
                        0, Tensor([Int64(0)]).to(device)
                    ).elements(as: Float.self)
                }
                ring.giveBack()
            }
        }
        // LibTorch's other threads would wait in loops for more work, on the processors of the workers.
        if device == .cpu { Runtime.setThreads(1) }
        for _ in 0..<2 { try next() }
        let start = ContinuousClock.now
        for _ in 0..<batches { try next() }
        return Double(batches * batchSize) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// How many files `load-decode` holds in memory at most.
    private static let heldFiles = 4096
}
