import Foundation
import Recipes
import Torch
import VisionData

extension TrainingData {
    /// Reads a data set and puts it on a device.
    ///
    /// - Parameters:
    ///   - name: the data set.
    ///   - directory: the folder that holds the data set's folder, or that folder; not needed for
    ///     procedural images.
    ///   - device: where the images will live.
    ///   - remark: called with what a reader of the results should know.
    /// - Returns: the training and test images.
    /// - Throws: `DatasetError` or `ArchiveError` where files are missing or damaged.
    public static func load(
        _ name: DatasetSettings.Name, from directory: String?, device: Device,
        remark: (String) -> Void = { _ in }
    ) throws -> TrainingData {
        let dataset: CIFARDataset
        switch name {
        case .procedural: return .procedural(device: device)
        case .cifar10: dataset = .cifar10
        case .cifar100: dataset = .cifar100
        }
        guard let directory else { throw TrainingError.noDataFolder(dataset: name.rawValue) }
        func read(_ split: CIFARDataset.Split) throws -> ImageSet {
            let images = try CIFARFiles.read(
                dataset, split, in: URL(fileURLWithPath: directory, isDirectory: true))
            if let warning = images.warning { remark("\(split.rawValue): \(warning)") }
            return ImageSet(images, device: device)
        }
        return TrainingData(train: try read(.train), test: try read(.test))
    }

    /// The demo's images, drawn on the spot: 4,000 to learn from, 2,000 to be judged by.
    ///
    /// - Parameter device: where the images will live.
    /// - Returns: the two sets.
    public static func procedural(device: Device) -> TrainingData {
        func draw(_ count: Int, _ split: ProceduralImages.Split) -> ImageSet {
            let images = ProceduralImages(count: count, size: 16, split: split)
            return ImageSet(
                pixels: images.pixels, labels: images.labels, height: 16, width: 16,
                classCount: ProceduralImages.classNames.count, device: device)
        }
        return TrainingData(train: draw(4000, .train), test: draw(2000, .test))
    }
}
