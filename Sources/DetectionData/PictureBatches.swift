import COCO
import Detectors
import ImageFolders
import Torch
import TorchNN
import VisionData

/// The batches of training epochs of pictures with objects, decoded ahead of the steps.
final class PictureBatches: BatchSource {
    /// How many pictures and batches every epoch has; batches differ in size.
    let epoch: EpochShape

    private let source: PictureSource
    private let normalize: Normalizer
    private let seed: UInt64
    private let share: Share

    /// How many pictures of a full batch are this process's.
    private let ownBatchSize: Int
    private let positions: [Int]
    private let objects: [Int: LearnableObjects]
    private let notes: UnreadableNotes
    private let slots: HostBuffer

    /// This process's pictures of the epoch.
    private var places: [PicturePlan.Place]?
    private var number = 0
    private var ring: BatchRing?
    private var finishedRingsWaited = 0.0
    private var current: Batch<[BoxTargets]>?

    init(
        _ source: PictureSource, normalization: Normalization, batchSize: Int, seed: UInt64,
        withMasks: Bool, share: Share
    ) throws {
        self.source = source
        self.seed = seed
        self.share = share
        ownBatchSize = share.count(of: batchSize)
        normalize = Normalizer(normalization, device: source.device)
        objects = try source.learnableObjects(withMasks: withMasks)
        positions = objects.keys.sorted()
        epoch = EpochShape(
            imageCount: source.settings.imagesPerEpoch ?? positions.count, batchSize: batchSize,
            isFixed: false)
        notes = UnreadableNotes(
            UnreadableRule(allowed: source.reading.allowedUnreadable ?? 0, substitutes: true),
            of: positions.count)
        slots = try source.makeSlots(batchSize: ownBatchSize)
    }

    var waitedSeconds: Double { finishedRingsWaited + (ring?.waitedSeconds ?? 0) }

    var workers: Int? { source.workers }

    func begin(epoch number: Int, at batch: Int) throws {
        finishedRingsWaited = waitedSeconds
        ring = nil
        current = nil
        self.number = number
        let plan = PicturePlan(
            positions, sizes: source.sizes, settings: source.settings,
            batchSize: epoch.batchSize, seed: seed, epoch: number)
        let places = share.training(of: plan.places, batchSize: epoch.batchSize)
        self.places = places
        ring = source.ring(
            places, batchSize: ownBatchSize, first: batch, slots: slots, notes: notes)
    }

    /// Waits for the next batch, and normalises it.
    func advance() throws -> Int {
        guard let ring, let places else {
            preconditionFailure("PictureBatches: no epoch was begun")
        }
        defer { source.tell(notes) }
        guard let ready = try timed("data", { try ring.next() }) else {
            preconditionFailure("PictureBatches: the epoch is over")
        }
        // With substitutes every row has a picture.
        let shown = ready.positions.compactMap { $0.map { places[$0] } }
        let images = timed("data") {
            source.images(
                in: slots, from: slots.bytes.offset(of: ready.bytes),
                rows: shown.enumerated().map { ($0.offset, $0.element.view.size) }, normalize)
        }
        // The normalised copy is the batch's own, so the slot can be filled again.
        ring.giveBack()
        let targets = shown.map { place in
            place.view.targets(
                objects[place.position] ?? LearnableObjects(),
                key: SampleKey(seed, UInt64(place.number)))
        }
        current = Batch(
            images: images, targets: targets.map { $0.to(source.device) },
            indices: Tensor(shown.map { Int64($0.position) }).to(source.device))
        return shown.count
    }

    func batch(of count: Int) -> Batch<[BoxTargets]> {
        guard let current else { preconditionFailure("PictureBatches: no batch is there") }
        guard count < current.count else { return current }
        return Batch(
            images: current.images.narrow(0, 0..<count), targets: Array(current.targets[..<count]),
            indices: current.indices.narrow(0, 0..<count))
    }
}

extension BoxTargets {
    /// The same targets on a device.
    func to(_ device: Device) -> BoxTargets {
        guard device != .cpu else { return self }
        return BoxTargets(
            size: size, originalSize: originalSize, boxes: boxes.to(device),
            classes: classes.to(device), masks: masks, key: key)
    }
}
