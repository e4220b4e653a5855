import Basics
import Foundation
import ImageFiles
import ImageFolders
import Torch
import TorchNN

/// A split of photographs, decoded while a run goes on.
public struct PhotographSource: ImageSource, @unchecked Sendable {
    /// Where the images are, and their classes.
    let images: ImageList

    /// Images that are grey with 16 bits.
    private let greys = GreyNotes()

    /// How they become batches.
    let settings: PhotographSettings

    /// How their files are read.
    let reading: PhotographReading

    /// Where batches are to be.
    let device: Device

    /// Told what a reader of the results should know, on the thread that takes batches alone.
    let remark: (String) -> Void

    /// Takes a list.
    ///
    /// - Parameters:
    ///   - images: where they are, and their classes.
    ///   - settings: how they become batches.
    ///   - reading: how their files are read.
    ///   - device: where batches are to be.
    ///   - remark: told what a reader of the results should know, on the thread that takes batches.
    public init(
        _ images: ImageList, settings: PhotographSettings, reading: PhotographReading,
        device: Device, remark: @escaping (String) -> Void
    ) {
        self.images = images
        self.settings = settings
        self.reading = reading
        self.device = device
        self.remark = remark
    }

    /// The number of images.
    public var count: Int { images.count }

    /// The number of classes.
    public var classCount: Int { images.classCount }

    /// The names of the classes.
    public var classNames: [String]? { images.classNames }

    /// Where the images are.
    public var list: ImageList? { images }

    /// The height of the images as networks see them, in pixels.
    public var imageSize: Int { settings.imageSize }

    /// The class of every image, by its position.
    public func classes() -> [Int] { images.allLabels() }

    /// Batches decoded on worker threads.
    ///
    /// - Throws: `OperatorError` where there is no memory for them.
    public func training(
        positions: [Int64]?, _ preparation: TrainingPreparation
    ) throws -> any BatchSource<Tensor> {
        try StreamedBatches(self, positions: positions?.map { Int($0) }, preparation)
    }

    /// Batches decoded on worker threads.
    public func evaluation(
        positions: [Int64]?, normalization: Normalization, batchSize: Int
    ) -> any EvaluationBatches {
        StreamedEvaluation(
            self, positions: positions?.map { Int($0) }, normalization: normalization,
            batchSize: batchSize)
    }
}

extension PhotographSource {
    /// The threads that decode.
    public var workers: Int { reading.threads }

    /// Starts a ring of batches.
    ///
    /// - Parameters:
    ///   - order: the positions in the order in which they are wanted.
    ///   - view: what is wanted of each.
    ///   - count: how many images are wanted, where the order begins anew behind its end; nil for those of the order.
    ///   - batchSize: images a batch.
    ///   - first: the first batch that is wanted.
    ///   - slots: the slots' memory.
    ///   - notes: where unreadable images are noted.
    /// - Returns: the ring.
    func ring(
        _ order: [Int], _ view: ImageView, count: Int? = nil, batchSize: Int, first: Int,
        slots: HostBuffer, notes: UnreadableNotes
    ) -> BatchRing {
        let options = reading.options(scalesSixteenBitGrey: settings.scalesSixteenBitGrey)
        return BatchRing(
            order: order, count: count, batchSize: batchSize, rowBytes: view.byteCount,
            first: first, threads: workers, slots: Self.slots,
            memory: RingMemory(slots.bytes, keptBy: slots), unreadable: notes
        ) { [images, greys] in
            let worker = ImageWorker(images, view: view, options: options, greys: greys)
            return { try worker.write($0, into: $1) }
        }
    }

    /// Memory for a ring's slots.
    ///
    /// - Throws: `OperatorError` where there is none.
    func makeSlots(batchSize: Int) throws -> HostBuffer {
        let view = ImageView(size: imageSize, kind: .centre(resize: settings.shorterSide))
        return try HostBuffer(
            byteCount: Self.slots * batchSize * view.byteCount, isPinned: device != .cpu)
    }

    /// How many batches are made ahead of the one that is read, that one included.
    private static let slots = 4

    /// The classes of images as a tensor on the device, int64 `[N]`.
    func labels(_ positions: [Int]) -> Tensor {
        Tensor(positions.map { Int64(images.label($0)) })
    }

    /// Tells of unreadable images that are new, and once of grey ones with 16 bits.
    func tell(_ notes: UnreadableNotes) {
        if let position = greys.take() {
            remark(
                "\(images.root) has grey images of 16 bits, as \(images.path(position)); values above "
                    + "255 become white, as in Pillow. Scale them with dataset.scale_16_bit_grey=true"
            )
        }
        for image in notes.takeNew() {
            remark(
                "\(images.root)/\(image.path) cannot be read and is skipped: \(image.reason) "
                    + "(\(notes.total) of at most \(notes.rule.allowed))")
        }
    }
}
