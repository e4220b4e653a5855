import Basics

/// A data set on disk that cannot be used.
public enum CIFARError: Error, Equatable {
    /// Neither the data set's folder nor its archive is in the folder given.
    case notFound(dataset: CIFARDataset, directory: String, found: [String])
    /// There is nothing where the data set was looked for.
    case folderMissing(dataset: CIFARDataset, directory: String)
    /// A file of the data set is not in its folder or archive.
    case fileMissing(dataset: CIFARDataset, file: String, container: String, directory: String)
    /// A file is empty or ends inside a record.
    case truncatedFile(dataset: CIFARDataset, path: String, expectedRecords: Int, bytes: Int)
    /// A file holds more images than were ever published under its name.
    case tooManyImages(dataset: CIFARDataset, path: String, expectedRecords: Int, found: Int)
    /// A record's label byte is not a label.
    case foreignLabel(
        dataset: CIFARDataset, path: String, record: Int, byte: Int, value: UInt8, limit: Int)
    /// A file of the Python layout is damaged or another data set's.
    case foreignPickle(dataset: CIFARDataset, path: String, reason: String)
}

extension CIFARError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String { "\(problem); \(remedy)" }

    /// The sentence without the remedy.
    package var problem: String {
        switch self {
        case .notFound(let dataset, let directory, let found):
            "\(directory): expected the folder \(dataset.folderName) or \(dataset.pickleFolderName), or "
                + "the archive \(dataset.archiveName) or \(dataset.pickleArchiveName), of "
                + "\(dataset.name), found " + found.firstFew
        case .folderMissing(let dataset, let directory):
            "\(directory): expected a folder with \(dataset.name), but there is nothing of that name"
        case .fileMissing(let dataset, let file, let container, _):
            "\(container): expected the file \(file) of \(dataset.name), found none"
        case .truncatedFile(let dataset, let path, let expected, let bytes):
            "\(path): expected \(expected) records of \(dataset.recordBytes) bytes, found "
                + "\(bytes) bytes, which is \(bytes / dataset.recordBytes) records and "
                + "\(bytes % dataset.recordBytes) bytes"
        case .tooManyImages(let dataset, let path, let expected, let found):
            "\(path): expected at most the \(expected) published images of \(dataset.name), found "
                + "\(found)"
        case .foreignLabel(_, let path, let record, let byte, let value, let limit):
            "\(path): expected a label below \(limit) in byte \(byte) of record \(record), found \(value)"
        case .foreignPickle(let dataset, let path, let reason):
            "\(path): expected a pickle of \(dataset.name) as its publisher made it, but \(reason)"
        }
    }

    private var remedy: String {
        switch self {
        case .notFound(_, let directory, _), .fileMissing(_, _, _, let directory):
            "name another folder, or fetch the data set into \(directory)"
        case .folderMissing(_, let directory):
            "check the path, or fetch the data set into \(directory)"
        case .truncatedFile(let dataset, _, _, _):
            "the file is truncated or not of \(dataset.name): remove it and fetch the data set again"
        case .tooManyImages:
            "remove the file and fetch the data set again"
        case .foreignLabel(let dataset, _, _, _, _, _):
            "the file is not of \(dataset.name): check which data set was asked for"
        case .foreignPickle:
            "the file is damaged or another data set's: remove it and get the data set again"
        }
    }
}
