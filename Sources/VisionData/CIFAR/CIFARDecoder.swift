/// Splits the bytes of CIFAR files, which come in pieces of any size, into images and classes.
struct CIFARDecoder {
    private(set) var images: LabelledImages
    private let dataset: CIFARDataset
    private var path = ""
    private var record = 0
    private var offsetInRecord = 0

    init(_ dataset: CIFARDataset, _ split: CIFARDataset.Split) {
        self.dataset = dataset
        images = LabelledImages(
            pixels: [], labels: [],
            channels: CIFARDataset.channels, height: CIFARDataset.height, width: CIFARDataset.width,
            classCount: dataset.classCount, publishedCount: dataset.imageCount(split))
    }

    /// Starts a file, refusing one whose size cannot be right.
    mutating func begin(_ file: CIFARDataset.File, path: String, bytes: Int) throws {
        let (count, remainder) = bytes.quotientAndRemainder(dividingBy: dataset.recordBytes)
        guard count > 0, remainder == 0 else {
            throw CIFARError.truncatedFile(
                dataset: dataset, path: path, expectedRecords: file.imageCount, bytes: bytes)
        }
        guard count <= file.imageCount else {
            throw CIFARError.tooManyImages(
                dataset: dataset, path: path, expectedRecords: file.imageCount, found: count)
        }
        self.path = path
        (record, offsetInRecord) = (0, 0)
        images.pixels.reserveCapacity(images.pixels.count + count * CIFARDataset.imageBytes)
        images.labels.reserveCapacity(images.labels.count + count)
    }

    mutating func append(_ chunk: UnsafeRawBufferPointer) throws {
        var rest = chunk[...]
        while let byte = rest.first {
            if offsetInRecord < dataset.labelCounts.count {
                try append(label: byte)
                rest.removeFirst()
                offsetInRecord += 1
            } else {
                let piece = rest.prefix(dataset.recordBytes - offsetInRecord)
                images.pixels.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece))
                rest = rest[piece.endIndex...]
                offsetInRecord += piece.count
            }
            if offsetInRecord == dataset.recordBytes {
                (record, offsetInRecord) = (record + 1, 0)
            }
        }
    }

    /// Ends a file; one that shrank while it was read ends inside a record.
    func end() throws {
        guard offsetInRecord == 0 else {
            throw CIFARError.truncatedFile(
                dataset: dataset, path: path, expectedRecords: record + 1,
                bytes: record * dataset.recordBytes + offsetInRecord)
        }
    }

    private mutating func append(label: UInt8) throws {
        let limit = dataset.labelCounts[offsetInRecord]
        guard label < limit else {
            throw CIFARError.foreignLabel(
                dataset: dataset, path: path, record: record, byte: offsetInRecord, value: label,
                limit: limit)
        }
        if offsetInRecord == dataset.labelCounts.count - 1 {
            images.labels.append(label)
        }
    }
}
