import ArchivesTestSupport
import Foundation
import TensorFilesTestSupport
import VisionData

/// A small data set in the CIFAR binary layout, its bytes given by a rule.
struct CifarFixture {
    var dataset: CIFARDataset

    init(_ dataset: CIFARDataset = .cifar100, imagesPerFile: Int = 3) {
        self.dataset = dataset
        self.dataset.trainFiles = dataset.trainFiles.map {
            .init(name: $0.name, imageCount: imagesPerFile)
        }
        self.dataset.testFiles = dataset.testFiles.map {
            .init(name: $0.name, imageCount: imagesPerFile)
        }
    }

    /// The pixels of one image, different for every file and record.
    func pixels(_ file: CIFARDataset.File, _ record: Int) -> [UInt8] {
        let seed = Int(file.name.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 251) + record
        return (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ seed &* 17) }
    }

    /// The class of one image.
    func label(_ record: Int) -> UInt8 { UInt8((record + 7) % 10) }

    func bytes(_ file: CIFARDataset.File) -> [UInt8] {
        (0..<file.imageCount).flatMap { record in
            // The superclass that CIFAR-100 stores before the class.
            let coarse: [UInt8] = dataset.labelCounts.count == 2 ? [UInt8(record % 20)] : []
            return coarse + [label(record)] + pixels(file, record)
        }
    }

    /// What a reader should find in a split.
    func expectedPixels(_ split: CIFARDataset.Split) -> [UInt8] {
        dataset.files(split).flatMap { file in
            (0..<file.imageCount).flatMap { pixels(file, $0) }
        }
    }

    /// The archive as a publisher would make it, its members in reverse order.
    var archive: [UInt8] {
        var tar = TarFixture()
        tar.add(dataset.folderName + "/", kind: "5")
        for file in dataset.allFiles.reversed() {
            tar.add(dataset.folderName + "/" + file.name, bytes(file))
        }
        return tar.compressed
    }

    /// Writes the folder of pickles as torchvision keeps it.
    @discardableResult
    func writePickles(in directory: URL) throws -> URL {
        let folder = directory.appendingPathComponent(dataset.pickleFolderName)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let keys = dataset.name == "cifar10" ? ["labels"] : ["fine_labels", "coarse_labels"]
        for file in dataset.allFiles {
            let records = 0..<file.imageCount
            let batch = PickledBatch.file(
                images: records.map { pixels(file, $0) },
                labels: keys.map { ($0, records.map(label)) })
            let name = (file.name as NSString).deletingPathExtension
            _ = try folder.writing(Array(batch), as: name)
        }
        _ = try folder.writing(Array("}.".utf8), as: "meta")
        return folder
    }

    @discardableResult
    func writeFolder(in directory: URL) throws -> URL {
        let folder = directory.appendingPathComponent(dataset.folderName)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in dataset.allFiles {
            _ = try folder.writing(bytes(file), as: file.name)
        }
        return folder
    }
}
