import Downloads
import Foundation

/// A data set in the CIFAR binary layout: where it is published, and how its files are laid out.
///
/// Every file is a run of records: one byte per label, then a 32 × 32 image as its red, green and
/// blue plane, each row by row.
///
/// Reference: <https://www.cs.toronto.edu/~kriz/cifar.html>.
public struct CIFARDataset: Sendable, Hashable {
    /// The part of a data set that is trained or tested on.
    public typealias Split = Dataset.Split

    /// One binary file of the data set.
    public struct File: Sendable, Hashable {
        /// The file's name inside the data set's folder.
        public var name: String
        /// The number of images in the published file.
        public var imageCount: Int

        /// The name of the same images' pickle, such as `train` for `train.bin`.
        var pickleName: String { (name as NSString).deletingPathExtension }
        /// The SHA-256 of the published file in hexadecimal, where it is known.
        public var sha256: String?

        /// Describes one binary file.
        ///
        /// - Parameters:
        ///   - name: The file's name inside the data set's folder.
        ///   - imageCount: The number of images in the published file.
        ///   - sha256: The SHA-256 of the published file in hexadecimal, where it is known.
        public init(name: String, imageCount: Int, sha256: String? = nil) {
            self.name = name
            self.imageCount = imageCount
            self.sha256 = sha256
        }
    }

    /// The name on the command line, such as `cifar100`.
    public let name: String
    /// The folder that the published archive unpacks to.
    public let folderName: String
    /// The folder that the published archive of pickles unpacks to, as torchvision keeps it.
    public let pickleFolderName: String
    /// The key of the classes to learn in those pickles.
    let pickleLabels: String
    /// The address of the published archive.
    public let archiveURL: URL
    /// The MD5 of the published archive in hexadecimal.
    public let archiveMD5: String
    /// The number of values of each label byte; the last label is the class to learn.
    public let labelCounts: [Int]
    /// The mean and deviation of its own training images.
    public let normalization: Normalization
    /// The files of the training split, in order.
    public var trainFiles: [File]
    /// The files of the test split, in order.
    public var testFiles: [File]

    /// The number of channels of an image.
    public static let channels = 3
    /// The height of an image in pixels.
    public static let height = 32
    /// The width of an image in pixels.
    public static let width = 32
    /// The number of bytes of an image.
    static let imageBytes = channels * height * width

    /// The number of classes.
    public var classCount: Int { labelCounts.last ?? 0 }

    /// The number of bytes of a record: its labels and its image.
    public var recordBytes: Int { labelCounts.count + Self.imageBytes }

    /// The file name of the published archive.
    public var archiveName: String { archiveURL.lastPathComponent }

    /// The file name of the published archive of pickles, which torchvision downloads.
    var pickleArchiveName: String {
        archiveName.replacingOccurrences(of: "-binary", with: "-python")
    }

    /// The published archive of binary files.
    public var archive: PublishedArchive {
        PublishedArchive(
            dataset: name, url: archiveURL, md5: archiveMD5, folderName: folderName,
            files: allFiles.map {
                PublishedArchive.File(
                    name: $0.name, byteCount: $0.imageCount * recordBytes, sha256: $0.sha256)
            })
    }

    /// The data set as runs open it.
    public var dataset: Dataset {
        Dataset(
            name: name, normalization: normalization,
            facts: Dataset.Facts(
                trainingImages: imageCount(.train), testImages: imageCount(.test),
                classCount: classCount),
            archive: archive
        ) { try CIFARFiles.read(self, $0, in: $1) }
    }

    /// The files of both splits.
    public var allFiles: [File] { trainFiles + testFiles }

    /// The files of a split, in order.
    ///
    /// - Parameter split: The split.
    /// - Returns: The files whose records, one after the other, are the split.
    public func files(_ split: Split) -> [File] {
        switch split {
        case .train: trainFiles
        case .test: testFiles
        }
    }

    /// The published number of images of a split.
    ///
    /// - Parameter split: The split.
    /// - Returns: The number of images.
    public func imageCount(_ split: Split) -> Int {
        files(split).reduce(0) { $0 + $1.imageCount }
    }
}

extension CIFARDataset {
    /// CIFAR-10: 50,000 training and 10,000 test images of 10 classes.
    public static let cifar10 = CIFARDataset(
        name: "cifar10",
        folderName: "cifar-10-batches-bin",
        pickleFolderName: "cifar-10-batches-py",
        pickleLabels: "labels",
        archiveURL: URL(published: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
        archiveMD5: "c32a1d4ab5d03f1284b67883e8d87530",
        labelCounts: [10],
        normalization: .cifar10,
        trainFiles: (1...5).map { File(name: "data_batch_\($0).bin", imageCount: 10_000) },
        testFiles: [File(name: "test_batch.bin", imageCount: 10_000)])

    /// CIFAR-100: 50,000 training and 10,000 test images of 100 classes in 20 superclasses.
    public static let cifar100 = CIFARDataset(
        name: "cifar100",
        folderName: "cifar-100-binary",
        pickleFolderName: "cifar-100-python",
        pickleLabels: "fine_labels",
        archiveURL: URL(published: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"),
        archiveMD5: "03b5dce01913d631647c71ecec9e9cb8",
        labelCounts: [20, 100],
        normalization: .cifar100,
        trainFiles: [
            File(
                name: "train.bin", imageCount: 50_000,
                sha256: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")
        ],
        testFiles: [
            File(
                name: "test.bin", imageCount: 10_000,
                sha256: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a")
        ])
}

extension Dataset {
    /// CIFAR-10: 50,000 training and 10,000 test images of 10 classes.
    public static let cifar10 = CIFARDataset.cifar10.dataset

    /// CIFAR-100: 50,000 training and 10,000 test images of 100 classes.
    public static let cifar100 = CIFARDataset.cifar100.dataset
}
