import Basics
import COCO
import Detectors
import Foundation
import ImageFiles
import ImageFolders
import Torch
import TorchNN
import VisionData

/// A split of a data set in COCO's form, opened: images of any size with objects in them.
public final class PictureSource: @unchecked Sendable {
    /// The images, categories and objects.
    public let annotations: COCOAnnotations

    /// Height and width of each image.
    let sizes: [ImageSize]

    /// The file of each image.
    let paths: [String]

    let settings: PictureSettings
    let reading: PhotographReading
    let device: Device

    /// Told what a reader of the results should know, on the thread that takes batches alone.
    let remark: (String) -> Void

    /// Opens a split.
    ///
    /// - Parameters:
    ///   - split: the part of the data set.
    ///   - directory: the folder that holds `annotations`, `train2017` and `val2017`.
    ///   - settings: how pictures become batches.
    ///   - reading: how their files are read.
    ///   - device: where batches are to be.
    ///   - withMasks: whether the masks of objects are read.
    ///   - remark: told what a reader of the results should know.
    /// - Throws: `COCOFileError` or `PictureError` where the annotations cannot be used.
    public convenience init(
        _ split: Dataset.Split, in directory: String, settings: PictureSettings,
        reading: PhotographReading = PhotographReading(), device: Device, withMasks: Bool,
        remark: @escaping (String) -> Void = { _ in }
    ) throws {
        let folder = COCOFolder(directory)
        let part = split == .train ? COCOFolder.Split.train : .val
        let annotations = try COCOAnnotations(
            contentsOf: folder.annotations(of: part),
            parts: withMasks ? [.boxes, .masks] : .boxes)
        try self.init(
            annotations, imagePath: { folder.image($0, of: part) }, settings: settings,
            reading: reading, device: device, remark: remark)
    }

    /// Takes annotations.
    ///
    /// - Parameters:
    ///   - annotations: the images, categories and objects.
    ///   - imagePath: the path of an image's file by its name in the annotations.
    ///   - settings: how pictures become batches.
    ///   - reading: how their files are read.
    ///   - device: where batches are to be.
    ///   - remark: told what a reader of the results should know.
    /// - Throws: `PictureError` where an image has no size or no file.
    public init(
        _ annotations: COCOAnnotations, imagePath: (String) -> String, settings: PictureSettings,
        reading: PhotographReading = PhotographReading(), device: Device,
        remark: @escaping (String) -> Void = { _ in }
    ) throws(PictureError) {
        var sizes: [ImageSize] = []
        var paths: [String] = []
        for image in annotations.images {
            func missing(_ key: String) -> PictureError {
                .incompleteImage(file: annotations.path, image: "\(image.id)", missing: key)
            }
            guard let name = image.fileName else { throw missing("file_name") }
            guard let height = image.height, height > 0 else { throw missing("height") }
            guard let width = image.width, width > 0 else { throw missing("width") }
            sizes.append(ImageSize(height: height, width: width))
            paths.append(imagePath(name))
        }
        self.annotations = annotations
        self.sizes = sizes
        self.paths = paths
        self.settings = settings
        self.reading = reading
        self.device = device
        self.remark = remark
    }

    /// The number of images.
    public var count: Int { annotations.images.count }

    /// The names of the classes by their numbers; the category's id where it has no name.
    public var classNames: [String] { annotations.categories.map { $0.name ?? "\($0.id)" } }

    /// The batches of training epochs.
    ///
    /// Images without an object to learn are left out.
    ///
    /// - Parameters:
    ///   - normalization: of the images.
    ///   - batchSize: pictures at a time.
    ///   - seed: the origin of order, sizes and flips.
    ///   - withMasks: whether the targets have masks.
    ///   - share: which pictures of each batch are this process's.
    /// - Returns: a source whose batches are a function of the seed and of the epoch alone.
    /// - Throws: `PictureError` where nothing can be learned, `OperatorError` where there is no memory.
    public func training(
        normalization: Normalization, batchSize: Int, seed: UInt64, withMasks: Bool,
        share: Share = .whole
    ) throws -> any BatchSource<[BoxTargets]> {
        try PictureBatches(
            self, normalization: normalization, batchSize: batchSize, seed: seed,
            withMasks: withMasks, share: share)
    }

    /// The batches of an evaluation, every image once and in order.
    ///
    /// - Parameters:
    ///   - normalization: of the images.
    ///   - batchSize: pictures at a time.
    ///   - share: which batches are this process's.
    /// - Returns: the batches; their indices are positions in `annotations.images`.
    /// - Throws: `PictureError.noImages`.
    public func evaluation(
        normalization: Normalization, batchSize: Int, share: Share = .whole
    ) throws(PictureError) -> PictureEvaluation {
        guard count > 0 else { throw .noImages(file: annotations.path) }
        return PictureEvaluation(
            self, normalization: normalization, batchSize: batchSize, share: share)
    }

    /// The threads that decode.
    var workers: Int { reading.threads }

    /// Memory for a ring's slots.
    func makeSlots(batchSize: Int) throws -> HostBuffer {
        try HostBuffer(
            byteCount: Self.slots * batchSize * settings.largestByteCount,
            isPinned: device != .cpu)
    }

    /// How many batches are made ahead of the one that is read, that one included.
    static let slots = 3

    /// Starts a ring of pictures.
    ///
    /// - Parameters:
    ///   - places: the pictures in their order.
    ///   - batchSize: pictures a batch.
    ///   - first: the first batch that is wanted.
    ///   - slots: the slots' memory.
    ///   - notes: where unreadable images are noted.
    /// - Returns: the ring, whose positions are places.
    func ring(
        _ places: [PicturePlan.Place], batchSize: Int, first: Int, slots: HostBuffer,
        notes: UnreadableNotes
    ) -> BatchRing {
        let options = reading.options()
        let names = annotations.images.map { $0.fileName ?? "\($0.id)" }
        return BatchRing(
            order: Array(places.indices), batchSize: batchSize,
            rowBytes: settings.largestByteCount, first: first, threads: workers,
            slots: Self.slots, memory: RingMemory(slots.bytes, keptBy: slots), unreadable: notes
        ) { [paths, sizes] in
            let reader = PictureReader(options: options)
            return { index, row in
                let place = places[index]
                let size = sizes[place.position]
                try reader.write(
                    PictureReader.Wish(
                        path: paths[place.position], name: names[place.position],
                        expected: (size.width, size.height), width: place.view.size.width,
                        height: place.view.size.height, isFlipped: place.view.isFlipped),
                    into: row)
            }
        }
    }

    /// The pictures of a slot as one batch, normalised and padded at the right and the bottom.
    ///
    /// - Parameters:
    ///   - slots: the memory of the ring.
    ///   - start: the slot's first byte.
    ///   - rows: the row of each picture in the slot, and its size.
    ///   - normalize: the normalisation.
    /// - Returns: `[N, 3, H, W]`, channels last, on the device.
    func images(
        in slots: HostBuffer, from start: Int, rows: [(row: Int, size: ImageSize)],
        _ normalize: Normalizer
    ) -> Tensor {
        withoutGrad {
            let padded = paddedSize(of: rows.map(\.size))
            let batch = Tensor.zeros(
                [rows.count, 3, padded.height, padded.width], dtype: .float32, device: device
            ).contiguous(.channelsLast)
            for (index, (row, size)) in rows.enumerated() {
                let pixels = slots.view(
                    from: start + row * settings.largestByteCount,
                    shape: [1, size.height, size.width, 3])
                _ = batch.narrow(0, index..<(index + 1)).narrow(2, 0..<size.height)
                    .narrow(3, 0..<size.width)
                    .copy(from: normalize(pixels.to(device).permute([0, 3, 1, 2])))
            }
            return batch
        }
    }

    /// Tells of unreadable images that are new.
    func tell(_ notes: UnreadableNotes) {
        for image in notes.takeNew() {
            remark(
                "\(image.path) cannot be read and is skipped: \(image.reason) "
                    + "(\(notes.total) of at most \(notes.rule.allowed))")
        }
    }
}
